"""The fields of an mca record (epics-modules/mca, mcaRecord.dbd)."""

from __future__ import annotations

from dataclasses import replace

from caproto import ChannelType

from ioc_sim.records.field_specs import FieldSpec, Specs, common, double, long, menu, short, text

REGIONS = 32
STRT, READ, ERAS = ("Done", "Acquire"), ("Done", "Read"), ("Done", "Erase")
_SEVERITIES = "NO_ALARM", "MINOR", "MAJOR", "INVALID"


def _read_only(spec: FieldSpec) -> FieldSpec:
    return replace(spec, read_only=True)


def _counts(doc: str, channels: int) -> FieldSpec:
    return FieldSpec(ChannelType.LONG, 0, read_only=True, elements=channels, doc=doc)


def mca(channels: int) -> Specs:
    """Return the fields of an mca record of `channels` channels."""
    specs = common() | {
        "VERS": double("Code Version", 6.01, read_only=True),
        "VAL": _counts("Value", channels),
        "BG": _counts("Background", channels),
        "NMAX": long("Max number of channels", channels, read_only=True),
        "NORD": long("Number of channels read", channels, read_only=True),
        "NUSE": long("# of channels to use", channels),
        "PREC": short("Display Precision", 2),
        "EGU": text(16, doc="Calibration Units Name"),
        "FTVL": long("Field Type of Value", 5, read_only=True),
        "HOPR": double("High Operating Range"),
        "LOPR": double("Low Operating Range"),
        "STRT": menu("Start Acquire", *STRT),
        "ERST": menu("Erase & Start Acquire", *STRT),
        "STOP": menu("Stop Acquire", *STRT),
        "ACQG": _read_only(menu("Acquiring", *STRT)),
        "READ": menu("Read array", *READ),
        "RDNG": _read_only(menu("Reading array", *READ)),
        "RDNS": _read_only(menu("Reading status", *READ)),
        "ERAS": menu("Erase array", *ERAS),
        "CHAS": menu("Channel-advance source", "Internal", "External"),
        "SEQ": long("Time sequence #"),
        "DWEL": double("Dwell time per channel", 1.0),
        "PSCL": long("Channel advance prescale", 1),
        "PRTM": double("Preset real time"),
        "PLTM": double("Preset live time"),
        "PCT": double("Preset counts"),
        "PCTL": long("Preset count low channel"),
        "PCTH": long("Preset count high channel"),
        "PSWP": long("Preset number of sweeps", 1),
        "MODE": menu("Mode PHA/MCS/LIST", "PHA", "MCS", "List"),
        "CALO": double("Calibration offset"),
        "CALS": double("Calibration slope", 1.0),
        "CALQ": double("Calibration quadratic"),
        "TTH": double("Two-theta", 10.0),
        "ERTM": double("Elapsed real time", read_only=True),
        "ELTM": double("Elapsed live time", read_only=True),
        "DTIM": double("Average % dead time", read_only=True),
        "IDTIM": double("Instantaneous % dead time", read_only=True),
        "STIM": text(40, read_only=True, doc="Acquisition start time"),
        "RTIM": double("Last read time", read_only=True),
        "ACT": long("Actual counts in preset region", read_only=True),
        "NACK": short("Message not acknowledged", read_only=True),
        "INP": text(40, read_only=True, doc="Input Specification"),
        "HIHI": double("Hihi Deviation Limit", 70.0),
        "HIGH": double("High Deviation Limit", 40.0),
        "LOW": double("Low Deviation Limit"),
        "LOLO": double("Lolo Deviation Limit"),
        "HHSV": menu("Hihi Severity", *_SEVERITIES, value=2),
        "HSV": menu("High Severity", *_SEVERITIES, value=1),
        "LSV": menu("Low Severity", *_SEVERITIES),
        "LLSV": menu("Lolo Severity", *_SEVERITIES),
        "HYST": double("Alarm Deadband", 2.0),
    }
    for n in range(REGIONS):
        specs |= {
            f"R{n}": double(f"Region {n} counts", read_only=True),
            f"R{n}N": double(f"Region {n} net counts", read_only=True),
            f"R{n}P": double(f"Region {n} preset"),
            f"R{n}NM": text(16, doc=f"Region {n} name"),
            f"R{n}LO": long(f"Region {n} low channel", -1),
            f"R{n}HI": long(f"Region {n} high channel", -1),
            f"R{n}BG": short(f"Region {n} background channels"),
            f"R{n}IP": menu(f"Region {n} is preset", "N", "Y"),
        }
    return specs
