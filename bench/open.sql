-- 2,000 open incidents in the usual mix of grades, each with its assessment and its review to do.
-- The last fifty come by the busy number from the busy address, the others by an ordinary one.
create temporary table made as
select n, %(at)s::timestamptz - interval '1 second' * (n * 31 %% 7200) as came,
       case when n %% 100 < 18 then 1 when n %% 100 < 50 then 2 when n %% 100 < 72 then 3 else 4 end
       as grade
  from generate_series(1, 2000) as n;
alter table made add key uuid;
update made set key = concat(
    lpad(to_hex((extract(epoch from came) * 1000)::bigint), 12, '0'), '7',
    lpad(to_hex(n %% 4096), 3, '0'), '9', lpad(to_hex(n), 15, '0'))::uuid;

insert into triage_incident (id, force_id, reference, channel, status, narrative, location,
       location_index, safety_note, crime_type, reported_at, created_at, grade, due_at,
       review_due_at, is_seen, response, handler_id, owner_id)
select key, %(force)s, 'O-' || n, '999', 'open', %(narrative)s, %(location)s, md5('place' || n),
       %(safety_note)s, '', came, came, grade,
       came + interval '1 minute' * (array[15, 60, 2880, 1440])[grade],
       came + interval '210 minutes', n %% 10 <> 0, '', %(user)s,
       case when n %% 3 > 0 then %(user)s::uuid end
  from made order by came;

insert into triage_assessment (id, incident_id, number, narrative, answers, findings, elements,
       rationales, flags, dismissed, policy_id, recommended_grade, decided_grade, reason, has_reason,
       video_offer, video_reasons, decided_by_id, decided_at)
select key, key, 1, %(a_narrative)s, %(a_answers)s, %(a_findings)s, '{}', %(a_rationales)s,
       case when n %% 7 = 0 then '{domestic_abuse}'::varchar[] else '{}' end, %(a_dismissed)s,
       %(policy)s, grade, grade, %(a_reason)s, false, false, '{}', %(user)s, came
  from made;

insert into triage_review (incident_id, due_at, because)
select key, came + interval '210 minutes', 'clock' from made;

insert into triage_trace (incident_id, key, kind, reported_at, as_victim, is_domestic)
select key, md5('number' || case when n > 1950 then 'busy' else n::text end)::uuid,
       'number', came, true, n %% 7 = 0 from made
union all
select key, md5('person' || n)::uuid, 'person', came, true, n %% 7 = 0 from made
union all
select key, md5('address' || case when n > 1950 then 'busy' else n::text end)::uuid,
       'address', came, false, n %% 7 = 0 from made;

drop table made;
