-- %(many)s closed incidents of the two years before, in the order in which they came in: each
-- with its assessment, its review done, and the number, person and address it is found by. Four
-- reports belong to each person whatever the size; one in a hundred comes by one busy number, one
-- in a hundred from one busy address.
create temporary table made as
select n,
       %(at)s::timestamptz - interval '2 hours' - interval '730 days' * (n::float8 / %(many)s) as came,
       n %% greatest(2000, %(many)s / 4) as person
  from generate_series(%(many)s::bigint, 1, -1) as n;
alter table made add key uuid;
update made set key = concat(
    lpad(to_hex((extract(epoch from came) * 1000)::bigint), 12, '0'), '7',
    lpad(to_hex(n %% 4096), 3, '0'), '8', lpad(to_hex(n), 15, '0'))::uuid;

insert into triage_incident (id, force_id, reference, channel, status, narrative, location,
       location_index, safety_note, crime_type, reported_at, created_at, grade, due_at,
       review_due_at, is_seen, response, handler_id, closed_at, closed_by_id)
select key, %(force)s, 'P-' || n, '101', 'closed', %(narrative)s, %(location)s, md5('place' || person),
       %(safety_note)s, '', came, came, 1 + n %% 4, came + interval '1 hour',
       came + interval '210 minutes', true, 'visit', %(user)s, came + interval '3 hours', %(user)s
  from made order by came;

insert into triage_assessment (id, incident_id, number, narrative, answers, findings, elements,
       rationales, flags, dismissed, policy_id, recommended_grade, decided_grade, reason, has_reason,
       video_offer, video_reasons, decided_by_id, decided_at)
select key, key, 1, %(a_narrative)s, %(a_answers)s, %(a_findings)s, '{}', %(a_rationales)s,
       case when n %% 7 = 0 then '{domestic_abuse}'::varchar[] else '{}' end, %(a_dismissed)s,
       %(policy)s, 1 + n %% 4, 1 + n %% 4, %(a_reason)s, false, false, '{}', %(user)s, came
  from made;

insert into triage_review (incident_id, due_at, because, done_at)
select key, came + interval '210 minutes', 'clock', came + interval '3 hours' from made;

insert into triage_trace (incident_id, key, kind, reported_at, as_victim, is_domestic)
select key, md5('number' || case when n %% 100 = 0 then 'busy' else person::text end)::uuid,
       'number', came, true, n %% 7 = 0 from made
union all
select key, md5('person' || person)::uuid, 'person', came, true, n %% 7 = 0 from made
union all
select key, md5('address' || case when n %% 100 = 1 then 'busy' else person::text end)::uuid,
       'address', came, false, n %% 7 = 0 from made;

insert into api_change (incident_id, force_id, changed_at, changed_in)
select key, %(force)s, came, 500 - n * 400 / %(many)s from made;
drop table made;
