"""The demo register: a fictional proponent, a fictional mine, conditions numbered as real instruments number theirs."""

from __future__ import annotations

from datetime import date
from typing import Any, NamedTuple

from registers.models import Mechanism

from obligations.states import Frequency

ORGANISATION = {"slug": "karrawirra-minerals", "name": "Karrawirra Minerals Pty Ltd"}
PROJECT = {"code": "WRL", "name": "Wandoo Ridge Lithium"}
PEOPLE = (
    ("maya.okafor@karrawirra.example", "Maya Okafor", "manager"),
    ("tom.brennan@karrawirra.example", "Tom Brennan", "advisor"),
    ("ines.ferreira@karrawirra.example", "Inês Ferreira", "approver"),
    ("rob.nullagine@karrawirra.example", "Rob Nullagine", "contributor"),
    ("audit@hollis-partners.example", "Hollis & Partners", "auditor"),
)

KIND = Mechanism.Kind
MECHANISMS: tuple[dict[str, Any], ...] = (
    {
        "reference": "MS 1234",
        "short": "MS1234",
        "kind": KIND.MINISTERIAL_STATEMENT,
        "title": "Wandoo Ridge Lithium Project",
        "regulator": "Minister for Environment (WA)",
        "issued": date(2025, 3, 12),
        "anniversary_month": 3,
        "anniversary_day": 12,
        "description": "Compliance is assessed from 12 March to 11 March and reported by 12 June.",
    },
    {
        "reference": "EPBC 2024/01234",
        "short": "EPBC",
        "kind": KIND.EPBC,
        "title": "Wandoo Ridge Lithium Mine",
        "regulator": "Department of Climate Change, Energy, the Environment and Water",
        "effective": date(2025, 11, 20),
        "anniversary_month": 11,
        "anniversary_day": 20,
        "description": "The action commenced on 20 November 2025; reports cover 20 November to 19 November.",
    },
    {
        "reference": "L9876/2025/1",
        "short": "L9876",
        "kind": KIND.PART_V,
        "title": "Processing plant and tailings storage facility",
        "regulator": "Department of Water and Environmental Regulation",
        "anniversary_month": 1,
        "anniversary_day": 1,
        "description": "The annual audit compliance report covers the calendar year and is due on 31 March.",
    },
    {
        "reference": "CPS 10501/1",
        "short": "CPS10501",
        "kind": KIND.CLEARING_PERMIT,
        "title": "Haul road clearing",
        "regulator": "Department of Water and Environmental Regulation",
        "issued": date(2025, 9, 1),
        "expires": date(2027, 8, 31),
    },
    {
        "reference": "WR-CEMP Rev 2",
        "short": "CEMP",
        "kind": KIND.MANAGEMENT_PLAN,
        "title": "Construction Environmental Management Plan",
        "parent": "MS 1234",
        "description": "The plan that condition 5-1 of MS 1234 requires.",
    },
    {
        "reference": "EPL 20999",
        "short": "EPL20999",
        "kind": KIND.EPL,
        "title": "Newcastle transfer depot",
        "regulator": "NSW Environment Protection Authority",
        "anniversary_month": 7,
        "anniversary_day": 1,
    },
)


class Demo(NamedTuple):
    """One obligation of the demo register."""

    mechanism: str
    number: str
    requirement: str
    aspect: str
    kind: str
    phase: str
    role: str
    every: Frequency | None = None
    inspected: Frequency | None = None
    evidence: str = ""
    comment: str = ""


ALL = "All phases"
BEFORE = "Pre-construction"
BUILD = "Construction"
RUN = "Operation"
ENVIRONMENT_MANAGER = "Environment Manager"
ADVISER = "Environmental Adviser"
SUPERVISOR = "Construction Supervisor"
PROCESS_MANAGER = "Processing Manager"
HERITAGE_ADVISER = "Heritage Adviser"

OBLIGATIONS = (
    Demo(
        "MS 1234",
        "1-1",
        "Disturbance inside the development envelope must at no time be more than 640 ha.",
        *("Land", "Limit", ALL, ENVIRONMENT_MANAGER),
        evidence="Survey and GIS area statement",
        comment="Assessed once for each compliance period. 418 ha disturbed at the last survey: compliant.",
    ),
    Demo(
        "MS 1234",
        "3-1",
        "A change of the proponent's name or contact address must be notified to the CEO in writing within 28 days.",
        *("Administration", "Notification", ALL, ENVIRONMENT_MANAGER),
        every=Frequency.INCIDENT,
        evidence="Letter and receipt",
        comment="Not required at this stage: nothing has changed.",
    ),
    Demo(
        "MS 1234",
        "4-1",
        "A compliance assessment plan must be submitted to the CEO at least six months before the first compliance "
        "assessment report is due.",
        *("Reporting", "Plan", BEFORE, ENVIRONMENT_MANAGER),
        evidence="Plan Rev 1 and the CEO's letter of approval",
    ),
    Demo(
        "MS 1234",
        "4-5",
        "The CEO must be advised of any potential non-compliance within seven days of it becoming known.",
        *("Reporting", "Incident response", ALL, ENVIRONMENT_MANAGER),
        every=Frequency.INCIDENT,
        evidence="Email and notification log",
        comment="Open: potential non-compliance with condition 4.2 of the CEMP, advised by email.",
    ),
    Demo(
        "MS 1234",
        "4-6",
        "A compliance assessment report must be submitted each year, the first fifteen months after this statement was "
        "issued, for the period from 12 March to 11 March.",
        *("Reporting", "Reporting", ALL, ENVIRONMENT_MANAGER),
        every=Frequency.ANNUALLY,
        evidence="Report and lodgement receipt",
    ),
    Demo(
        "MS 1234",
        "5-1",
        "Construction must be carried out only under the approved Construction Environmental Management Plan.",
        *("Administration", "Plan", BUILD, "Project Manager"),
        evidence="Approved plan, Rev 2",
    ),
    Demo(
        "MS 1234",
        "6-2(1)",
        "A targeted flora survey over two seasons must be completed at least one month before clearing for stage 2.",
        *("Flora and vegetation", "Survey", BEFORE, ADVISER),
        evidence="Survey report",
        comment="Spring season surveyed; the autumn round was completed in May.",
    ),
    Demo(
        "MS 1234",
        "6-2(3)",
        "Weed mapping must be reviewed each year after the wet season.",
        *("Flora and vegetation", "Monitoring", RUN, ADVISER),
        every=Frequency.ANNUALLY,
        evidence="Map and table of infestations",
    ),
    Demo(
        "MS 1234",
        "8-4",
        "Groundwater levels must be reported within one month of the end of each quarter.",
        *("Water", "Monitoring", RUN, ADVISER),
        every=Frequency.QUARTERLY,
        evidence="Laboratory certificates and logger data",
    ),
    Demo(
        "EPBC 2024/01234",
        "1",
        "No more than 212 ha of the listed cockatoo's habitat may be cleared.",
        *("Terrestrial fauna", "Limit", ALL, ENVIRONMENT_MANAGER),
        evidence="Clearing register",
        comment="131 ha cleared: compliant.",
    ),
    Demo(
        "EPBC 2024/01234",
        "7",
        "The department must be notified in writing within five business days of the action's commencement.",
        *("Administration", "Notification", BUILD, ENVIRONMENT_MANAGER),
        evidence="Email to the department",
    ),
    Demo(
        "EPBC 2024/01234",
        "19",
        "A compliance report must be published within three months of each anniversary of commencement and stay there.",
        *("Reporting", "Reporting", ALL, ENVIRONMENT_MANAGER),
        every=Frequency.ANNUALLY,
        evidence="Address of the page and a dated screenshot",
    ),
    Demo(
        "L9876/2025/1",
        "12(a)",
        "The freeboard of the tailings embankment must be inspected twice a week while the facility operates.",
        *("Waste", "Inspection", RUN, PROCESS_MANAGER),
        every=Frequency.WEEKLY,
        inspected=Frequency.WEEKLY,
        evidence="Inspection checklist",
    ),
    Demo(
        "L9876/2025/1",
        "21",
        "Discharge at monitoring point W3 must be sampled in the first week of each month.",
        *("Water", "Monitoring", RUN, PROCESS_MANAGER),
        every=Frequency.MONTHLY,
        evidence="Laboratory certificate",
    ),
    Demo(
        "L9876/2025/1",
        "30",
        "An annual audit compliance report for the calendar year must be submitted by 31 March.",
        *("Reporting", "Reporting", RUN, ENVIRONMENT_MANAGER),
        every=Frequency.ANNUALLY,
        evidence="Form and receipt",
    ),
    Demo(
        "CPS 10501/1",
        "8",
        "Records of clearing must be kept for five years and provided on request.",
        *("Flora and vegetation", "Record keeping", ALL, ADVISER),
        every=Frequency.AS_REQUIRED,
        evidence="Clearing register",
        comment="Not required at this stage: no request has been made.",
    ),
    Demo(
        "WR-CEMP Rev 2",
        "8.1.2",
        "Dust suppression must be checked each shift while wind is above the trigger level.",
        *("Dust", "Inspection", BUILD, SUPERVISOR),
        every=Frequency.EXTREME_WEATHER,
        inspected=Frequency.DAILY,
        evidence="Site diary",
    ),
    Demo(
        "WR-CEMP Rev 2",
        "9.3(b)",
        "Spill kits must be serviced each month, by its last day.",
        *("Hazardous substances and hydrocarbons", "Inspection", BUILD, SUPERVISOR),
        every=Frequency.MONTHLY,
        inspected=Frequency.MONTHLY,
        evidence="Checklist and photo",
    ),
    Demo(
        "WR-CEMP Rev 2",
        "4.2",
        "A heritage monitor must be present while ground is disturbed within 50 m of a recorded place.",
        *("Heritage", "Site based", BUILD, HERITAGE_ADVISER),
        every=Frequency.INCIDENT,
        evidence="Monitor's log",
    ),
    Demo(
        "EPL 20999",
        "R1.1",
        "An annual return must be supplied within 60 days of the end of each reporting period, which ends on 30 June.",
        *("Reporting", "Reporting", RUN, ENVIRONMENT_MANAGER),
        every=Frequency.ANNUALLY,
        evidence="eConnect receipt",
    ),
)
