"""Find again the reports that are there already, by number, person and address."""

from django.db import migrations

from triage import traces


def keep_traces(apps, schema_editor):
    for incident in apps.get_model("triage", "Incident").objects.iterator(chunk_size=500):
        places = traces.of_address(incident.force_id, incident.location)
        traces.keep(incident, places, as_victim=False)
    parts = apps.get_model("triage", "Participant").objects.filter(contact__isnull=False)
    for part in parts.select_related("incident", "contact").iterator(chunk_size=500):
        people = traces.of_contact(part.contact)
        traces.keep(part.incident, people, as_victim=part.role == "victim")
    trace = apps.get_model("triage", "Trace")
    latest = apps.get_model("triage", "Assessment").objects.filter(superseded_by=None)
    domestic = latest.filter(flags__overlap=sorted(traces.DOMESTIC)).values("incident")
    trace.objects.filter(incident__in=domestic).update(is_domestic=True)


class Migration(migrations.Migration):
    dependencies = [("triage", "0004_repeats_and_presence")]

    operations = [migrations.RunPython(keep_traces, migrations.RunPython.noop)]
