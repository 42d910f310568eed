"""The names that the engine, the screens and other systems share."""

FLAGS = {
    "domestic_abuse": "Domestic abuse",
    "coercive_control": "Coercive control",
    "non_fatal_strangulation": "Strangulation or suffocation",
    "stalking": "Stalking",
    "honour_based_abuse": "Honour-based abuse, forced marriage or FGM",
    "modern_slavery": "Modern slavery or trafficking",
    "cuckooing": "Cuckooing",
    "county_lines_cce": "County lines or criminal exploitation",
    "child_sexual_exploitation": "Child sexual exploitation",
    "child_at_risk": "Child at risk",
    "sexual_offence": "Sexual offence",
    "hate_crime": "Hate crime",
    "adult_at_risk": "Adult at risk",
    "mental_health": "Mental ill health",
    "suicide_risk": "Risk of suicide",
    "missing_person": "Missing person",
    "fraud": "Fraud",
    "online_abuse": "Online abuse",
    "antisocial_behaviour": "Anti-social behaviour",
    "threats_to_kill": "Threat to kill",
    "weapon_involved": "Weapon",
    "serious_injury": "Serious injury",
    "offender_present": "Suspect present or near",
    "unable_to_speak_freely": "Cannot speak freely",
    "abandoned_or_silent_call": "Silent or abandoned call",
    "repeat_victimisation": "Has happened before",
    "court_order_breach": "Breach of an order or bail",
    "evidence_perishable": "Evidence may be lost",
    "not_police_matter": "Not a police matter",
    "update_request": "Asks about an existing case",
}

GRADES = {1: "Immediate", 2: "Priority", 3: "Scheduled", 4: "Without deployment"}

ELEMENTS = {
    "threat": "Threat",
    "harm": "Harm",
    "risk": "Risk",
    "investigation": "Investigation",
    "vulnerability": "Vulnerability",
    "engagement": "Engagement",
}

VIDEO_REASONS = {
    "immediate_risk": "An officer has to attend: the risk is now",
    "offender_present": "The suspect is or may be with the caller or near",
    "not_safe_contact": "It is not known to be safe to talk",
    "under_18_no_guardian": "Under 18 without a parent or guardian who is not the suspect",
    "victim_prefers_attendance": "The caller has asked for a person",
    "no_device_or_data": "No smartphone with data, or not asked yet",
    "scene_attendance_needed": "The scene has to be attended",
    "third_party_or_victim_elsewhere": "The victim is not the person on the call",
    "no_appointment_needed": "No appointment is needed",
}

CHANNELS = ("999", "101", "online", "chat", "social")

# Structured answers that every caller of the engine may give; None means not asked or not known.
STRUCTURED = {
    "caller_age": int,
    "victim_age": int,
    "offender_present": bool,
    "offender_nearby": bool,
    "weapon": bool,
    "children_present": bool,
    "has_smartphone": bool,
    "has_data": bool,
    "guardian_available": bool,
    "wants_attendance": bool,
    "safe_to_talk": bool,
    "injuries": str,
    "previous_reports_12m": int,
    "minutes_since_incident": int,
}
