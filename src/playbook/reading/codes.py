"""Every code of a mistake in a file, with what it means and how to mend it.

A code is made only here, so none can be used that is not explained.
"""

from __future__ import annotations

CODES: dict[str, str] = {}
"""The explanation of every code, one paragraph each."""


def _code(name: str, explanation: str) -> str:
    CODES[name] = explanation
    return name


YAML_SYNTAX = _code(
    "yaml-syntax",
    "The text is not YAML, so nothing after this place could be read. Most often the indentation does not"
    " fit the lines above, a quote or bracket was opened and not closed, or a text that holds `: ` or"
    " starts with a sign such as `@` needs quotes.",
)
TAB = _code(
    "tab",
    "YAML does not allow tabs for indentation. Use spaces, two for each level.",
)
CURLY_QUOTES = _code(
    "curly-quotes",
    "Curly quotes, as word processors write them, are ordinary letters to YAML and to conditions. Write"
    " straight quotes where a quoted text is meant, or leave the quotes away.",
)
PLACEHOLDER = _code(
    "unquoted-placeholder",
    "A text that begins with `{` is a map to YAML, so `{case.owner}` is not read as a placeholder. Put"
    " the whole text in quotes.",
)
YAML_TAG = _code(
    "yaml-tag",
    "A value that begins with `!` is a YAML tag, and no tags are used here. A condition says `not`"
    " instead of a leading `!`; any other text goes into quotes.",
)
ALIAS = _code(
    "unknown-alias",
    "A value that begins with `*` repeats what was named with `&` before it. Nothing has that name, or it"
    " names something that it lies in itself. If the star belongs to the text, put the text in quotes.",
)
TOO_LARGE = _code(
    "too-large",
    "The file is refused without reading it whole: it has more than a million bytes, is nested more than"
    " 50 levels deep, or its aliases repeat more than 50,000 values. Split it, or write out what the"
    " aliases repeat.",
)
ENCODING = _code(
    "encoding",
    "Files are text in UTF-8. The bytes here are not UTF-8, or are characters that a text cannot hold,"
    " such as NUL. Save the file as UTF-8.",
)
UNREADABLE = _code(
    "unreadable-file",
    "The file could not be opened. Check that it exists and may be read.",
)
COMMA_CUT = _code(
    "comma-cut",
    "Inside braces a comma ends a value, so a text with a comma loses what follows it. Put the text in quotes.",
)
COMMA_IN_NUMBER = _code(
    "comma-in-number",
    "Numbers are written with digits and a point alone: 25000, 1250.50. A comma separates values.",
)
HASH_CUT = _code(
    "hash-cut",
    "A # after a space begins a comment, so a text with one loses what follows it. Put the text in quotes.",
)
QUOTE_FIRST = _code(
    "quote-first",
    "A text that begins with a quote ends at the next one, and nothing may follow. Put the whole text in quotes"
    ' of the other kind, or begin a condition with the name: `deal.segment == "large"`.',
)
COLON_IN_TEXT = _code(
    "colon-in-text",
    "A colon and a space make a key of what stands before them, so a text that has them needs quotes.",
)
NO_COLON = _code(
    "no-colon",
    "A key and its value are joined by a colon and a space. An equals sign, or a colon without a space, makes"
    " one text of both.",
)
SEVERAL_DOCUMENTS = _code(
    "several-documents",
    "A file holds one document. Remove the line `---` and what follows it, or make it another file.",
)
NOT_A_MAP = _code(
    "not-a-map",
    "A file is a map of keys and values, and its first key says the kind and the id: `playbook:"
    " new-business`.",
)
BAD_KEY = _code(
    "bad-key",
    "A key must be a text on one line, not a list or a map.",
)
DUPLICATE_KEY = _code(
    "duplicate-key",
    "The same key stands twice in one map, so one of the two would be lost. Remove or rename one.",
)
UNKNOWN_KIND = _code(
    "unknown-kind",
    "The first key of a file says its kind: playbook, record, organization, mapping, translation, scenario,"
    " project, or one that a plugin adds.",
)
KIND_NOT_FIRST = _code(
    "kind-not-first",
    "The key that says the kind and the id must be the first key of the file.",
)
DUPLICATE_FILE = _code(
    "duplicate-file",
    "Two files of one kind have the same id, or a project has two organizations. Rename or remove one.",
)
NAMED_FILE = _code(
    "named-file",
    "The file that is named here is not there, cannot be started from, or lies outside of the project. Paths"
    " are from the folder of the file that names them.",
)

UNKNOWN_KEY = _code(
    "unknown-key",
    "Nothing here is called by this key, so what it says would have no effect. Correct or remove it.",
)
MISSING_KEY = _code(
    "missing-key",
    "A key that is needed here is not there. Add it.",
)
WRONG_TYPE = _code(
    "wrong-type",
    "The value is of another kind than the key asks for: a text where a list is needed, a map where a"
    " text is needed. Numbers, true, false and null need quotes where a text is meant.",
)
NOT_ALLOWED = _code(
    "not-allowed",
    "Only certain words may stand here, and this is not one of them.",
)
MALFORMED = _code(
    "malformed",
    "The value is of the right kind but not written as it must be: an id, a duration, a date, a currency.",
)
OUT_OF_RANGE = _code(
    "out-of-range",
    "The value is too small, too large, too long, empty, or repeats another.",
)
BAD_VALUE = _code(
    "bad-value",
    "The value does not fit the type of the field, or what a plugin asks for here.",
)

CRITERION_KIND = _code(
    "criterion-kind",
    "A criterion has exactly one of `that`, `fields`, `done`, `approval`, `unique` or a kind that a plugin"
    " adds. Split one with two into two criteria; give one without any what must hold.",
)
APPROVAL = _code(
    "approval-kind",
    "An approval says exactly one of `by`, `any`, `all`, `in_order` or `quorum`: whose yes is needed.",
)
TIMER = _code(
    "timer-kind",
    "A timer says exactly one of `in_stage`, `idle`, `before` or `after`; the last two also say `by`, how long"
    " before or after it is.",
)
ACTION = _code(
    "action-verb",
    "An action has exactly one verb: notify, assign, set, schedule, open, close, advance, webhook, or one that"
    " a plugin adds. Write two actions as two items of the list.",
)
INCOMPLETE_FIELD = _code(
    "incomplete-field",
    "The type of the field asks for more: a choice for `options`, a list for `of`, a table for `columns`,"
    " a reference for `to`.",
)
UNKNOWN_STAGE = _code(
    "unknown-stage",
    "The playbook has no stage of that id.",
)
UNKNOWN_FIELD = _code(
    "unknown-field",
    "The playbook has no field of that id.",
)
UNKNOWN_ACTIVITY = _code(
    "unknown-activity",
    "The playbook has no activity of that id.",
)
UNKNOWN_ENTRY = _code(
    "unknown-entry",
    "The playbook has no kind of entry of that id. Built in are call, email, meeting and note; others stand"
    " under `entries`.",
)
UNKNOWN_PARAMETER = _code(
    "unknown-parameter",
    "The playbook has no parameter of that id: a segment sets only those under `parameters`. In a scenario, every"
    " row of `for_each` has a value for each `$name`.",
)
UNKNOWN_OUTCOME = _code(
    "unknown-outcome",
    "An activity has only the outcomes that it names, and a playbook only those of its final stages.",
)
UNKNOWN_CRITERION = _code(
    "unknown-criterion",
    "`id: shared` takes the criterion of that id under `criteria`, and there is none; or a scenario names a"
    " criterion that the playbook does not have.",
)
UNKNOWN_PLAYBOOK = _code(
    "unknown-playbook",
    "The project has no playbook of that id.",
)
UNKNOWN_RECORD = _code(
    "unknown-record",
    "A reference leads to a record or a playbook of the project, and there is none of that id. Account, contact"
    " and product are always there.",
)
UNKNOWN_WHO = _code(
    "unknown-who",
    "Nobody is meant: it is not owner, manager, team or anyone, no person and no role of anybody in the"
    " organization, and no field of the playbook that holds a person.",
)
NOBODY_APPROVES = _code(
    "nobody-approves",
    "The approval can never be given, so nothing passes the criterion: there are fewer people who may approve"
    " than have to.",
)
TIMER_NEVER = _code(
    "timer-never",
    "The timer never fires, or hardly ever: its field holds no date or nothing fills it, or it runs only where"
    " cases have ended.",
)
ACTION_REFUSED = _code(
    "action-refused",
    "What should happen by itself would be refused by a gate: the case cannot come to that stage from where it"
    " is, or what the stage asks for is missing.",
)
PERSONAL = _code(
    "personal-value",
    "What is marked `personal: true`, or computed from it, must stay erasable, and would be told here in a place"
    " that cannot be erased: a field that is not personal, an event of a timer, the index.",
)
UNKNOWN_TEXT = _code(
    "unknown-text",
    "A translation has the same paths as the file whose texts it has, and that has no text here.",
)
STALE_TEXT = _code(
    "stale-text",
    "The text was translated from another one than stands in the file now. Translate it anew, then remove its"
    " path under `source`; `translate` writes the new one.",
)
UNKNOWN_ORGANIZATION = _code(
    "unknown-organization",
    "The settings of the project, or a scenario, name an organization that no file holds.",
)
UNKNOWN_PERSON = _code(
    "unknown-person",
    "The organization has no person of that id.",
)
UNKNOWN_TEAM = _code(
    "unknown-team",
    "The organization has no team of that id.",
)
UNKNOWN_NEIGHBOUR = _code(
    "unknown-neighbour",
    "In a file that extends another, `before` and `after` order what it adds: they name something that stands"
    " in the same map, in either file.",
)
UNKNOWN_CALENDAR = _code(
    "unknown-calendar",
    "The organization has no calendar of that id.",
)
UNKNOWN_TERRITORY = _code(
    "unknown-territory",
    "The organization has no territory of that id.",
)
UNKNOWN_MEASURE = _code(
    "unknown-measure",
    "The organization has no measure of that id.",
)
UNKNOWN_SUBJECT = _code(
    "unknown-subject",
    "`for` says what a case is called, the `subject` of a playbook, and no playbook of the project has that.",
)
NO_MANAGER = _code(
    "no-manager",
    "Nobody manages the person: neither the person nor the team nor a team above has a manager, and the"
    " organization does not say who approves then. Who leads others may stand above all.",
)
TERRITORY = _code(
    "territory-cases",
    "A territory says which cases belong to it by `when`, or takes all others by `otherwise: true`.",
)
TERRITORY_OVERLAP = _code(
    "territory-overlap",
    "Some cases fit two territories. They belong to the first, which may not be what is meant.",
)
TERRITORY_GAP = _code(
    "territory-gap",
    "Some cases belong to no territory, so no rule that matches territories gives them an owner.",
)
MEASURE = _code(
    "measure-kind",
    "A measure counts cases or entries of one playbook, by `amount` or `count: true`, on a `date`; or it is the"
    " `ratio` of two others.",
)
QUOTA = _code(
    "quota-target",
    "A quota is of one person, of one team or of one territory, and its target is an amount where amounts are"
    " measured, a number where cases are counted, and a share where the measure is a ratio.",
)
QUOTA_SPREAD = _code(
    "quota-spread",
    "A quota is spread over the months, quarters or halves of its period: a share for each, in their order,"
    " together 100%.",
)
UNREACHABLE_STAGE = _code(
    "unreachable-stage",
    "No case can come to the stage: it is not the first, no `next` names it, and it has no `from`. Name"
    " it in the `next` of a stage, give a closing stage `from`, or remove it.",
)
DEAD_END = _code(
    "dead-end",
    "A case that comes to the stage cannot leave it: the stage is not final and has no `next`, and no"
    " final stage can be reached from it by `from`; or only one that means it was lost.",
)
NO_FINAL_STAGE = _code(
    "no-final-stage",
    "No stage has `final`, so no case ever ends. Say which stage ends a case, and with what outcome.",
)
FINAL_WITH_NEXT = _code(
    "final-with-next",
    "A final stage ends the case, so nothing comes after it. Remove `next` or `final`.",
)
PROBABILITY = _code(
    "probability-range",
    "A probability lies between 0% and 100%. Write 15% for fifteen in a hundred.",
)
HIDES_BY_HAND = _code(
    "hides-by-hand",
    "Every case has a `probability` and a `forecast`, which people set by hand with `set` and which reports and"
    " `case.probability` go by. A field of that name takes the place of it in `set`: nobody can set the other"
    " by hand any more. Remove the field, or give it another name where it means something else.",
)
SPLIT = _code(
    "split-sum",
    "The default shares of credit are the whole: together 100%.",
)
DUPLICATE_ID = _code(
    "duplicate-id",
    "The ids of activities, criteria and timers are unique within a playbook, because conditions and blockers"
    " name them. Rename one; a criterion that serves several stages stands once under `criteria` and is"
    " taken by `id: shared`.",
)
RESERVED_ID = _code(
    "reserved-id",
    "The id is a word of the condition language, so a condition could not name it. Choose another.",
)
CIRCLE = _code(
    "circle",
    "Things wait for each other, or lie above each other, in a circle. Break it at one place.",
)
MAPPING_COLUMNS = _code(
    "mapping-columns",
    "The mapping lacks what its target needs: rows for the organization need `person`, `quota` or `rate`, all"
    " others `columns`; and each has only its own. All but quotas and rates need a `key`.",
)
SCENARIO_STEP = _code(
    "scenario-step",
    "A step of a scenario has one command or `wait`; the other keys say how it is done and what must come of"
    " it. The case that is given is opened, or placed in a stage, or goes there to reach it.",
)
UNKNOWN_PLACEHOLDER = _code(
    "unknown-placeholder",
    "What stands between { and } in a text for people is the name of a value, such as {case.name} or"
    " {deal.amount}, and nothing else: no calculation, no condition.",
)
CONDITION_SYNTAX = _code(
    "condition-syntax",
    "The condition cannot be read: a bracket, quote or operand is missing, or a sign stands where none can.",
)
CONDITION_SIZE = _code(
    "condition-size",
    "The condition is too long or nested too deep. Split it into several criteria.",
)
CONDITION_NAME = _code(
    "condition-name",
    "Nothing has the name that the condition uses. The subject names the fields (`deal.amount`), `case`"
    " what every case has, and stages their stamped values (`discovery.amount`).",
)
CONDITION_VALUE = _code(
    "condition-value",
    "The value that is compared is not an option of the choice, or the id is not known, so the condition"
    " could never hold.",
)
CONDITION_TYPE = _code(
    "condition-type",
    "The values do not go together, like an amount and a date, or the condition is not a yes or no.",
)
CONDITION_CALL = _code(
    "condition-call",
    "The function is called with too few, too many or the wrong values.",
)
CONDITION_NEVER = _code(
    "condition-never",
    "No value whatever meets the condition: parts of it exclude each other. In a criterion that means that"
    " nothing passes, elsewhere that nothing happens.",
)
CONDITION_ALWAYS = _code(
    "condition-always",
    "Every value meets the condition, at least every one that is filled in, so it tests nothing. A missing"
    " value is neither: it leaves the condition unknown.",
)
CONDITION_CONTRADICTS = _code(
    "condition-contradicts",
    "Two criteria that are asked together exclude each other: whatever the values are, one of them is not met.",
)
CONDITION_REPEATS = _code(
    "condition-repeats",
    "Two criteria that are asked together say the same in other words. One is enough.",
)
BRANCH_OVERLAP = _code(
    "branch-overlap",
    "Some cases fit two ways on. The first whose `when` holds is taken, so the order of the file decides; a"
    " way that comes after a wider one is never taken.",
)
BRANCH_GAP = _code(
    "branch-gap",
    "Some cases fit none of the ways on, though every criterion is met, so they stand still. Give the last"
    " way no `when`, or let the conditions meet without leaving a value out.",
)
INVARIANT_BREACH = _code(
    "invariant-breach",
    "On some way a case can meet every criterion and still break an invariant, so that its move is refused"
    " without a criterion saying why. Ask in a criterion for what the invariant needs.",
)
UNUSED = _code(
    "unused",
    "Nothing asks for the field or reads it, names the parameter, or takes the criterion. That may be meant, since"
    " people can fill any field; else ask for it where it is needed, or remove it.",
)
SELLERS_EFFORT = _code(
    "sellers-effort",
    "The criterion is met by what the seller did, so a stage says how busy somebody was and not how far the buyer"
    " is. Ask for what the buyer said, gave or decided.",
)
