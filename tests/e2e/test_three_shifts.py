"""One shift in the control room: a call handler, a team leader and a quality reviewer at once.

A call is taken down, graded and answered for; somebody writes online without script; the board
shows both as they come. One is given away, one taken over, made less urgent, found late, sent
officers to and handed over. What the handler decided is reviewed blind, read and counted.
"""

import re

from playwright.sync_api import expect

from tests.e2e.people import DESKTOP, PHONE

SAID = (
    "My neighbour pushed me and said he would smash my face in, about the bins. It was an hour ago."
    " I am shaken and my arm hurts."
)
WRITTEN = "A man I do not know hit me yesterday. He ran off."
WHY = "Spoken to twice: he is at work until six, she is with her sister"
LEARN = "Ask who else has a key."


def on(person):
    """What the page is about: its header has words and menus of its own."""
    return person.page.locator("main")


def line(leader, reference):
    """That incident on the board, which nobody loads again."""
    return on(leader).get_by_role("row").filter(has_text=reference)


def press(person, name, **options):
    with person.page.expect_navigation():
        on(person).get_by_role("button", name=name, **options).click()


# The call handler


def go_on_duty(handler):
    handler.page.locator("#duty summary").click()
    handler.page.locator("#duty").get_by_role("button", name="Free").click()
    expect(handler.page.locator("#duty summary")).to_contain_text("Free")


def take_a_call(handler):
    """Type it down, answer, decide below the recommendation with a reason; its reference."""
    page = handler.go("/triage/new/")
    page.get_by_label("What the caller says", exact=True).fill(SAID)
    page.get_by_label("Caller's name").fill("Ines Quarrie")
    page.get_by_label("Where it happened").fill("4 Mill Lane, Northmoor")
    asked = page.locator(".vc-ask[data-ask=children_present]")
    asked.get_by_role("textbox").fill("the 2 boys were in the kitchen")
    asked.get_by_role("button", name="Yes").click()
    expect(page.locator(".vc-ask[data-ask=children_present]")).to_have_count(0)
    # The words stand below the answer now.
    expect(page.locator("#id_say_children_present")).to_have_value(
        re.compile("2 boys were in the kitchen")
    )
    expect(page.locator("#recommended")).to_have_text(re.compile(r"^[12] "))
    page.wait_for_load_state("networkidle")
    handler.is_fine()
    page.get_by_role("radio", name="3 Scheduled").check()
    page.get_by_label("Reason for a less urgent grade").fill(WHY)
    press(handler, "Record the report")
    expect(page.get_by_role("heading", level=1)).to_contain_text("The choice for")
    reference = page.get_by_role("heading", level=1).inner_text().split()[-1]
    page.get_by_role("radio", name="Officer's visit").check()
    press(handler, "Record what they chose")
    page.goto(page.url.replace("choice/", ""))
    expect(on(handler).locator(".vc-in-words")).to_contain_text("2 boys were in the kitchen")
    handler.is_fine()
    return reference


def do_what_is_owed(handler):
    """Checks, advice and what the caller was told: each recorded on the incident."""
    page, address = handler.page, handler.page.url
    on(handler).get_by_role("link", name="Record checks").click()
    first = page.locator(".vc-checks__one").first
    first.get_by_role("radio").first.check()
    first.get_by_role("textbox").fill("Two calls this year about the same neighbour")
    press(handler, "Record what I ticked")
    page.goto(address)
    expect(on(handler).get_by_text("Two calls this year")).to_be_visible()
    on(handler).get_by_role("link", name="Read out or send advice").click()
    page.locator(".vc-advice__one input").first.check()
    press(handler, "I read these out")
    page.goto(address)
    on(handler).get_by_role("link", name="Record what they were told").click()
    on(handler).get_by_role("radio").first.check()
    page.get_by_role("radio", name=re.compile("^On the line")).check()
    press(handler, "Record it")
    page.goto(address)
    handler.is_fine()


# Somebody who writes online


def answer_on(page, choice=None, button="Continue"):
    if choice:
        page.get_by_label(choice, exact=True).first.check()
    with page.expect_navigation():
        page.get_by_role("button", name=button).first.click()


def write_online(visitor):
    """Answer the pages of an online report without script, send it, and leave; its reference."""
    page = visitor.go("/report/")
    for choice in ("No", "No", "Me"):
        answer_on(page, choice)
    page.get_by_label("What happened?").fill(WRITTEN)
    answer_on(page)
    answer_on(page, "Within the last day")
    page.get_by_label("Where did it happen?").fill("12 Mill Lane, Northmoor")
    answer_on(page)
    answer_on(page, "Not near")
    answer_on(page, "Yes, a little")
    page.get_by_label("Your name").fill("Peregrine Quill")
    answer_on(page)
    answer_on(page, "I do not want to say now")
    answer_on(page)
    answer_on(page)
    expect(page.get_by_role("heading", name="Check what you wrote")).to_be_visible()
    answer_on(page, button="Send it now")
    reference = page.locator(".vc-when").inner_text()
    assert page.title() == "Appointment"
    page.get_by_role("link", name="Exit this page").click()
    # At the dull site, or where a machine without a network ends up.
    expect(page).not_to_have_url(re.compile(re.escape(visitor.house.url)))
    assert visitor.context.cookies() == []
    visitor.go("/report/")
    expect(page.get_by_role("heading", name="Is anyone in danger now?")).to_be_visible()
    return reference


def look_at_what_was_given(handler, reference):
    """It is among one's own; whoever looks at it decides what the engine graded alone."""
    page = handler.go("/triage/?whose=mine")
    handler.is_fine()
    on(handler).get_by_role("link", name=reference).click()
    expect(page.get_by_role("heading", name="Written online")).to_be_visible()
    expect(page.get_by_text("Peregrine Quill").first).to_be_visible()
    assess_again(handler, "2 Priority")


def assess_again(person, grade, reason=""):
    page = person.page
    on(person).get_by_role("link", name="Assess again").first.click()
    expect(page.locator("#recommended")).to_have_text(re.compile(r"^[1-4] "))
    page.get_by_role("radio", name=grade).check()
    if reason:
        page.get_by_label("Reason for a less urgent grade").fill(reason)
    press(person, "Keep the assessment")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Incident")


# The team leader


def act_on(leader, reference):
    line(leader, reference).get_by_role("link", name=re.compile("Act")).click()
    expect(leader.page.locator("#act-title")).to_contain_text(reference)


def give(leader, reference, to):
    act_on(leader, reference)
    people = leader.page.get_by_label("Give it to")
    people.select_option(label=people.get_by_role("option", name=re.compile(to)).inner_text())
    press(leader, "Give it")
    expect(line(leader, reference)).to_contain_text(to)


def find_late(leader, house, reference):
    """Three hours and a half go by, and nobody has assessed it again."""
    house.sql(
        "with late as (update triage_review set due_at = now() - interval '2 minutes'"
        " where done_at is null and incident_id ="
        " (select id from triage_incident where reference = %s) returning incident_id, due_at)"
        " update triage_incident set review_due_at = late.due_at from late"
        " where triage_incident.id = late.incident_id",
        [reference],
    )
    leader.go("/triage/board/")
    leader.page.locator("#tile-late").click()
    expect(line(leader, reference)).to_contain_text("2 min late")


def send_officers(leader, reference):
    leader.go("/triage/board/")
    act_on(leader, reference)
    on(leader).get_by_role("link", name="Send officers now").click()
    leader.page.get_by_label("Why now").fill("She rang off in mid-sentence")
    on(leader).get_by_role("radio", name=re.compile("^On the line")).check()
    press(leader, re.compile("^Send officers"))
    expect(leader.page.get_by_role("heading", name="Officers", exact=True)).to_be_visible()
    leader.is_fine()
    return leader.page.url


def hand_over(leader, to):
    page = leader.go("/triage/hand-over/")
    leader.is_fine()
    people = page.get_by_label("Who takes your incidents")
    people.select_option(label=people.get_by_role("option", name=re.compile(to)).inner_text())
    page.get_by_label("What the next one must know").fill("Officers are on the way to Mill Lane")
    press(leader, re.compile("^Hand over"))


# The quality reviewer


def review_blind(reviewer, reference, name):
    page = reviewer.go("/quality/")
    press(reviewer, "Draw samples now")
    reviewer.is_fine()
    on(reviewer).get_by_role("link", name=f"{reference}, assessment 1").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(f"Review of {reference}")
    expect(page.get_by_text("What happened next", exact=True)).to_have_count(0)
    expect(on(reviewer)).not_to_contain_text(name)
    expect(on(reviewer)).to_contain_text("2 boys were in the kitchen")
    reviewer.is_fine()
    for criterion in page.locator(".vc-score__one").all():
        criterion.get_by_role("radio", name="2 Sound").check()
    risk = page.get_by_role("group", name="Risk", exact=True)
    risk.get_by_role("radio", name="1 Thin").check()
    page.get_by_role("radio", name="2 Priority").check()
    page.get_by_role("radio", name="Something to learn").check()
    page.get_by_label("Feedback to the handler").fill(LEARN)
    press(reviewer, "Save the review")
    expect(page.get_by_role("link", name="Say why “Risk” gets so little")).to_be_visible()
    page.get_by_label("Why (risk)").fill("Nothing was asked about before")
    press(reviewer, "Save the review")
    expect(page.get_by_role("heading", name="What happened next")).to_be_visible()
    reviewer.is_fine()


def read_feedback(handler, reference):
    page = handler.go("/feedback/")
    handler.is_fine()
    on(handler).get_by_role("link", name=f"{reference}, assessment 1").first.click()
    expect(page.get_by_text(LEARN)).to_be_visible()
    page.get_by_role("radio", name="Read and understood").check()
    press(handler, "Send the answer")
    expect(page.get_by_text("Your answer is kept")).to_be_visible()
    handler.is_fine()


def reviewed_for_a_risk(reviewer):
    """How many the trend of the whole force counts."""
    reviewer.go("/quality/trend/")
    told = on(reviewer).locator(".vc-numbers__one").filter(has_text="drawn for a risk").first
    return int(re.search(r"(\d+) reviewed", told.inner_text())[1])


def practise(handler):
    page = handler.go("/practice/")
    handler.is_fine()
    one = page.get_by_role("listitem").filter(has_text="A woman who says that it was nothing")
    one.first.get_by_role("button").click()
    caller = page.locator("#caller")
    expect(caller).to_contain_text("I don't want to make a fuss.")
    caller.get_by_role("button", name="Listen on").click()
    expect(caller).to_contain_text("by my neck")
    caller.get_by_role("button", name="Has anybody put hands").click()
    expect(caller).to_contain_text("Both hands. I couldn't breathe.")
    words = "Her boyfriend had her up against the wall by the neck with both hands."
    page.get_by_label("What the caller says").fill(words)
    expect(page.locator("#panel")).to_contain_text("Strangulation")
    handler.is_fine()
    # A page that is left and opened again has every word, heard and written.
    page.wait_for_load_state("networkidle")
    page.reload()
    expect(page.get_by_label("What the caller says")).to_have_value(words)
    page.get_by_role("radio", name="1 Immediate").check()
    press(handler, "Decide and score")
    expect(page.get_by_role("heading", level=1)).to_contain_text("of 100")
    expect(page.get_by_text("Grade 1 is right.")).to_be_visible()
    handler.is_fine()


def test_three_people_work_a_shift(someone, house):
    leader = someone(**DESKTOP).sign_in("Team leader")
    handler = someone(**DESKTOP).sign_in("Call handler")
    reviewer = someone(**DESKTOP).sign_in("Quality reviewer")
    name = handler.page.locator(".vc-who__name").inner_text()
    before = reviewed_for_a_risk(reviewer)
    leader.go("/triage/board/")

    go_on_duty(handler)
    called = take_a_call(handler)
    expect(line(leader, called)).to_contain_text("3")
    do_what_is_owed(handler)
    written = write_online(someone(**PHONE, java_script_enabled=False))
    expect(line(leader, written)).to_contain_text("no person has looked")
    leader.is_fine()
    give(leader, written, name)
    look_at_what_was_given(handler, written)
    expect(line(leader, written)).not_to_contain_text("no person has looked")

    act_on(leader, called)
    press(leader, "Take over")
    leader.page.wait_for_load_state("networkidle")
    leader.go("/triage/?whose=all")
    on(leader).get_by_role("link", name=written).click()
    assess_again(leader, "3 Scheduled", "Seen by officers on patrol: he is safe and at home")
    leader.go("/triage/board/")
    find_late(leader, house, called)
    address = send_officers(leader, called)
    hand_over(leader, name)
    handler.go("/triage/hand-over/")
    to_me = on(handler).locator("section").filter(has_text="to you").filter(has_text=called)
    to_me.get_by_role("button", name="I have read this").click()
    expect(to_me).to_have_count(0)
    leader.page.goto(address)
    for said in ("Officers sent", f"Handed over to {name}"):
        expect(on(leader).get_by_text(said).first).to_be_visible()

    review_blind(reviewer, called, name)
    read_feedback(handler, called)
    assert reviewed_for_a_risk(reviewer) == before + 1
    practise(handler)
    for path in ("/quality/trend/", "/quality/fairness/", "/practice/"):
        leader.go(path)
        leader.is_fine()
