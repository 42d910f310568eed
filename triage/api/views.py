"""The addresses of the API: HTTP in, one service or selector, an answer out."""

from django.utils.timezone import now
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import exceptions
from rest_framework.response import Response

from triage.api import feed, idempotency, reports, serializers
from triage.api.base import ApiView
from triage.api.models import Scope
from triage.api.problems import Conflict
from triage.control import dispatching
from triage.models import Incident

KEY = OpenApiParameter(
    idempotency.HEADER,
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    required=True,
    description=(
        "A new random value for each new thing, such as a UUID. The same key with the same body"
        " does nothing more and is answered the same, for 24 hours."
    ),
)
REFERENCE = OpenApiParameter(
    "reference",
    OpenApiTypes.STR,
    OpenApiParameter.PATH,
    description="Our reference, or yours where it holds no slash.",
)
PROBLEMS = {
    400: "Some of what was sent cannot be used; errors names each place.",
    401: "No token, or one that opens nothing.",
    403: "The token lacks the scope.",
    404: "No such incident, or not for this system.",
    409: "It conflicts with what is there.",
    413: "The body is too large.",
    422: "The Idempotency-Key was used with another body or address.",
    429: "Too many requests: wait as Retry-After says, in seconds.",
}


def _described(answers, *problems, **more):
    """extend_schema with the problems that an address can answer besides those of all."""
    described = {
        code: OpenApiResponse(serializers.Problem, description=PROBLEMS[code])
        for code in sorted({400, 401, 403, 429, *problems})
    }
    return extend_schema(
        responses={
            **answers,
            **{(code, "application/problem+json"): one for code, one in described.items()},
        },
        **more,
    )


def _clean(kind, data):
    asked = kind(data=data)
    asked.is_valid(raise_exception=True)
    return asked.validated_data


def _paged(page, asked):
    try:
        return page(cursor=asked.get("cursor"), limit=asked["limit"])
    except feed.UnknownCursor:
        raise exceptions.ValidationError(
            {"cursor": ["This is not a cursor that this list gave."]}
        ) from None


class Answering(ApiView):
    """What the addresses that change something share."""

    def once(self, request, work, *, at):
        """Answer with what ``work`` gives, once for the request's Idempotency-Key."""
        status, answer, repeated = idempotency.once(request, work, at=at)
        headers = {"Idempotency-Replayed": "true"} if repeated else {}
        return Response(answer, status=status, headers=headers)

    def incident(self, reference, find=feed.incident_for):
        """The incident under ``reference`` that this system may ask about, else 404."""
        try:
            self.about = find(self.request.user, reference)
        except Incident.DoesNotExist:
            raise exceptions.NotFound(
                "There is no such incident here, or not for this system."
            ) from None
        return self.about

    def standing(self, incident):
        found = feed.incidents_for(self.request.user).select_related("force").get(pk=incident.pk)
        return serializers.Standing(feed.standing(found)).data


class Incidents(Answering):
    """Reports in, and how incidents stand."""

    scopes = {"POST": [Scope.REPORT], "GET": [Scope.READ, Scope.READ_ALL]}

    @_described(
        {201: serializers.Standing},
        *(409, 413, 422),
        operation_id="send_report",
        summary="Send a report",
        description=(
            "Makes an incident. It is assessed by THRIVE at once, stands in the same queue as every"
            " call, and its first review by a person is due at once."
        ),
        parameters=[KEY],
        request=serializers.Report,
        tags=["Incidents"],
    )
    def post(self, request):
        at = now()

        def work():
            sent = _clean(serializers.Report, request.data)
            try:
                self.about = reports.receive(sent, client=request.user, at=at)
            except reports.AlreadySent as before:
                raise Conflict(
                    "You sent another report under this reference of yours: it is our"
                    f" {before.incident.reference}. Send news about it as an update."
                ) from None
            return 201, self.standing(self.about)

        return self.once(request, work, at=at)

    @_described(
        {200: serializers.StandingPage},
        operation_id="list_incidents",
        summary="List incidents",
        description=(
            "To follow what changes, begin with changed_since, keep next, and ask again"
            " with it as cursor: nothing is missed and nothing is read twice."
        ),
        parameters=[serializers.IncidentsAsked],
        tags=["Incidents"],
    )
    def get(self, request):
        asked = _clean(serializers.IncidentsAsked, request.query_params.dict())
        client = request.user
        if "their_reference" in asked:
            found = feed.incidents_for(client).select_related("force")
            page = feed.Page(list(found.filter(their_reference=asked["their_reference"])), None)
        elif "changed_since" in asked or feed.is_by_change(asked.get("cursor")):
            since = asked.get("changed_since")
            page = _paged(lambda **more: feed.by_change(client, since=since, **more), asked)
        else:
            since = asked.get("created_since")
            page = _paged(lambda **more: feed.by_creation(client, since=since, **more), asked)
        self.count = len(page.rows)
        rows = [feed.standing(incident) for incident in page.rows]
        return Response(serializers.StandingPage({"results": rows, "next": page.next}).data)


class OneIncident(Answering):
    """How one incident stands."""

    scopes = {"GET": [Scope.READ, Scope.READ_ALL]}

    @_described(
        {200: serializers.Standing},
        404,
        operation_id="read_incident",
        summary="Read how an incident stands",
        parameters=[REFERENCE],
        tags=["Incidents"],
    )
    def get(self, request, reference):
        incident = self.incident(reference)
        return Response(serializers.Standing(feed.standing(incident)).data)


class Updates(Answering):
    """News about an incident."""

    scopes = {"POST": [Scope.REPORT]}

    @_described(
        {201: serializers.UpdateTaken},
        *(404, 413, 422),
        operation_id="send_update",
        summary="Send new words about an incident",
        description=(
            "A more urgent grade stands at once; a person is asked to assess the incident again"
            " now, whatever the words are. A closed incident is opened again."
        ),
        parameters=[REFERENCE, KEY],
        request=serializers.News,
        tags=["Incidents"],
    )
    def post(self, request, reference):
        at = now()
        incident = self.incident(reference)

        def work():
            sent = _clean(serializers.News, request.data)
            update = reports.add(sent["words"], incident=incident, client=request.user, at=at)
            return 201, {"id": str(update.pk), "incident": self.standing(incident)}

        return self.once(request, work, at=at)


class DispatchStates(Answering):
    """How officers who were asked for get on."""

    scopes = {"POST": [Scope.DISPATCH_STATES]}

    @_described(
        {201: serializers.DispatchStanding},
        *(404, 409, 413, 422),
        operation_id="send_dispatch_state",
        summary="Say how a dispatch goes on",
        description=(
            "acknowledged: officers are on their way. arrived: they are with the victim."
            " stood_down: they will not come; the note says why."
        ),
        parameters=[REFERENCE, KEY],
        request=serializers.DispatchStateSent,
        tags=["Dispatches"],
    )
    def post(self, request, reference):
        at = now()
        incident = self.incident(reference, feed.dispatched_for)

        def work():
            sent = _clean(serializers.DispatchStateSent, request.data)
            dispatch = self._dispatch(incident, sent.get("dispatch"))
            moved_at = min(sent.get("at") or at, at)
            try:
                dispatching.step(
                    dispatch,
                    state=sent["state"],
                    note=sent.get("note", ""),
                    by=None,
                    # Their clock may lag behind ours: a state never comes before the one it ends.
                    at=max(moved_at, *(one.at for one in dispatch.steps.all())),
                )
            except dispatching.ReasonMissing:
                raise exceptions.ValidationError(
                    {"note": ["Say why they were stood down."]}
                ) from None
            except dispatching.NotThere as stands:
                raise Conflict(
                    f"This dispatch is {stands.state}: it cannot become {sent['state']}."
                ) from None
            return 201, {
                "id": str(dispatch.pk),
                "reference": incident.reference,
                "state": str(dispatch.state),
                "asked_at": dispatch.asked_at.isoformat(),
            }

        return self.once(request, work, at=at)

    @staticmethod
    def _dispatch(incident, wanted):
        found = incident.dispatches.order_by("number")
        dispatch = (found.filter(pk=wanted) if wanted else found).last()
        if dispatch is None:
            raise Conflict("No officers were asked for to this incident.")
        return dispatch


class Dispatches(ApiView):
    """Where officers are to be sent."""

    scopes = {"GET": [Scope.DISPATCH_EXPORT]}

    @_described(
        {200: serializers.DispatchPage},
        operation_id="export_dispatches",
        summary="Read where officers are to be sent",
        description=(
            "Each is given again when its state changes. Keep next and ask again with it as"
            " cursor: nothing is missed. Holds personal data."
        ),
        parameters=[serializers.DispatchesAsked],
        tags=["Dispatches"],
    )
    def get(self, request):
        asked = _clean(serializers.DispatchesAsked, request.query_params.dict())
        since = asked.get("since")
        page = _paged(lambda **more: feed.dispatches(request.user, since=since, **more), asked)
        self.count = len(page.rows)
        rows = [feed.exported(row, theirs) for row, theirs in page.rows]
        return Response(serializers.DispatchPage({"results": rows, "next": page.next}).data)


class Nothing(ApiView):
    """Any other address below the API: 401 to strangers, a problem document to systems."""

    schema = None
    scopes = None

    def _none(self, request, *args, **kwargs):
        raise exceptions.NotFound("There is no such address. See /api/v1/schema/.")

    get = post = put = patch = delete = _none
