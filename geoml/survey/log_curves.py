"""The curves that geoml knows by name: unit, range that rock can show, and names in files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["log", "category", "text", "flag"]


@dataclass(frozen=True)
class Curve:
    """A standard curve.

    Attributes:
        name: Its variable in a wells store.
        units: The unit it is kept in.
        description: What it measures.
        low: Least value that a sound tool reads, in ``units``; None where anything goes.
        high: Greatest such value.
        aliases: Mnemonics in files, in capitals; where a well has several, the first wins.
        kind: ``log`` is averaged and interpolated, ``category``, ``text`` and ``flag`` never.
        log_scale: Whether it is drawn and learned on a logarithmic scale.
    """

    name: str
    units: str
    description: str
    low: float | None
    high: float | None
    aliases: tuple[str, ...]
    kind: Kind = "log"
    log_scale: bool = False


def _curve(
    name: str,
    units: str,
    description: str,
    low: float | None,
    high: float | None,
    aliases: str,
    kind: Kind = "log",
    log_scale: bool = False,
) -> Curve:
    names = (name, *(alias for alias in aliases.split() if alias != name))
    return Curve(name, units, description, low, high, names, kind, log_scale)


_ALL = (
    _curve(
        "GR",
        "gAPI",
        "gamma ray",
        0,
        1000,
        "GAM GAMMA GAMMARAY GAMMA_RAY GRC SGR HSGR GR_EDTC EDTC_GR ECGR ECGR_EDTC EHGR GRN GRAX "
        "GRD GRGC GRGM GRR GRTO GRS GRCFM GRAFM GRMA GR_ARC GRM GRA GRAM GRCO",
    ),
    _curve("CGR", "gAPI", "gamma ray without uranium", 0, 1000, "HCGR GRKT KTH GRKTH"),
    _curve("SP", "mV", "spontaneous potential", -500, 500, "SPR SPBR SSP SPDH SPC"),
    _curve(
        "CALI",
        "in",
        "caliper",
        2,
        40,
        "CAL CALIPER HCAL CALS CALA CALX LCAL MCAL CLDC CALY DCAV C1 C13 C24 HCALI CALD CALN CAL1",
    ),
    _curve("BS", "in", "bit size", 2, 40, "BIT BITSIZE BIT_SIZE BSIZE"),
    _curve("DCAL", "in", "caliper less bit size", -10, 30, "DCALI DIFFCAL"),
    _curve(
        "RDEP",
        "ohm.m",
        "deep resistivity",
        0.01,
        100000,
        "RD RT ILD LLD RILD RLLD AT90 AHT90 AF90 AO90 AHO90 AHF90 RLA5 HRD HDRS HLLD RESD DRES "
        "IDPH IDER LLDC ILDC RTAO ATRT M2RX M2R9 M4RX RDEEP RESDEEP RES_DEEP DEEPRES RES_DEP "
        "RT_HRLT A40H P40H RPCEHM LN R64 ILD_LOG10",
        log_scale=True,
    ),
    _curve(
        "RMED",
        "ohm.m",
        "medium resistivity",
        0.01,
        100000,
        "ILM RILM AT30 AHT30 AF30 AO30 AHO30 AHF30 RLA3 HRM HMRS RESM MRES IMPH IMER ILMC M2R3 "
        "RESMED RES_MED RMEDIUM MEDRES A22H",
        log_scale=True,
    ),
    _curve(
        "RSHA",
        "ohm.m",
        "shallow resistivity",
        0.01,
        100000,
        "RS LLS RLLS SFL SFLU SFLA SFLC AT10 AHT10 AF10 AO10 AHO10 AHF10 RLA1 HLLS RESS SRES LL8 "
        "LL3 SN R16 RSHALLOW RESSHAL RES_SHAL SHALRES M2R1",
        log_scale=True,
    ),
    _curve(
        "RXO",
        "ohm.m",
        "resistivity of the flushed zone",
        0.01,
        100000,
        "RX0 RXOZ RXO8 MSFL MSFC MLL RMLL RXOI MCFL RMSL",
        log_scale=True,
    ),
    _curve(
        "RMIC",
        "ohm.m",
        "micro-resistivity",
        0.01,
        100000,
        "MICRO RMICRO",
        log_scale=True,
    ),
    _curve(
        "RHOB",
        "g/cm3",
        "bulk density",
        1.0,
        3.2,
        "RHOZ DEN DENS DENSITY ZDEN ZDNC RHO NRHB HRHO HRHOB HDEN DENB ROBB RHO8 RHOM BDC DNCF",
    ),
    _curve("DRHO", "g/cm3", "density correction", -1, 1, "ZCOR HDRA DCOR DRH DRHB QRHO HDRHO"),
    _curve(
        "NPHI",
        "v/v",
        "neutron porosity, limestone scale",
        -0.15,
        1.0,
        "TNPH CNC CNCF CN NPOR CNPOR PHIN NPHL NPRL HNPO HNPHI APLC TNPL NPHC BPHI CNLS PORN CNCS",
    ),
    _curve("DPHI", "v/v", "density porosity", -0.5, 1.0, "DPOR PHID DPHZ DPRL DPHL DPHIL HDPO"),
    _curve(
        "DTC",
        "us/m",
        "compressional slowness",
        100,
        850,
        "DT AC DTCO DTP DT4P DTCOMP DELTC DELT SONIC DTL DT24 DTHC DTCQI DT35 DTLN BHC DTC_QI DT1P",
    ),
    _curve(
        "DTS",
        "us/m",
        "shear slowness",
        150,
        2600,
        "DTSM DT4S DTSH DTSHEAR DELTS DTSD ACS DT2 DTSC DTSQI DTRS DT2R DT1",
    ),
    _curve("VP", "m/s", "compressional velocity", 1000, 9000, "VPVEL VELP VEL"),
    _curve("VS", "m/s", "shear velocity", 100, 5500, "VSVEL VELS"),
    _curve(
        "PEF",
        "b/e",
        "photoelectric factor",
        0,
        30,
        "PE PEFZ PEFA PEF8 PEFL PDPE HPEF PDPEF PEFC PE2",
    ),
    _curve("POTA", "%", "potassium", -1, 20, "HFK K POTASSIUM"),
    _curve("THOR", "", "thorium [ppm]", -5, 200, "HTHO TH THORIUM"),
    _curve("URAN", "", "uranium [ppm]", -10, 200, "HURA U URANIUM"),
    _curve("TEMP", "degC", "temperature in the hole", -50, 400, "TEMPERATURE GTEM HTEM TMP"),
    _curve("TENS", "lbf", "cable tension", -5000, 50000, "TENSION HTEN"),
    _curve("ROP", "m/h", "rate of penetration", 0, 5000, "ROP5 ROPAVG"),
    _curve("ROPA", "m/h", "average rate of penetration", 0, 5000, "ROP_AVG"),
    _curve("MUDWEIGHT", "g/cm3", "density of the mud", 0.5, 3, "MW MUDW MUDWT"),
    _curve("DELTA_PHI", "v/v", "neutron less density porosity", -1, 1, "DELTAPHI DELTA_PHI"),
    _curve("PHIND", "v/v", "mean of neutron and density porosity", -0.2, 1, "PHIA_ND"),
    _curve("MD", "m", "measured depth", None, None, "DEPTH_MD DEPT_MD"),
    _curve("TVD", "m", "true vertical depth", None, None, "TVDKB TVDRKB TVD_KB"),
    _curve("TVDSS", "m", "true vertical depth below the sea", None, None, "TVDSD SSTVD TVD_SS"),
    _curve("X", "m", "easting along the hole", None, None, "X_LOC XLOC XCOORD"),
    _curve("Y", "m", "northing along the hole", None, None, "Y_LOC YLOC YCOORD"),
    _curve("Z", "m", "elevation along the hole", None, None, "Z_LOC ZLOC ZCOORD"),
    _curve("RELPOS", "v/v", "relative position in the formation", 0, 1, ""),
    _curve("FACIES", "", "facies", None, None, "FACIE FACIES_CODE", "category"),
    _curve("NM_M", "", "1 nonmarine, 2 marine", None, None, "NMM", "category"),
    _curve(
        "LITHOLOGY",
        "",
        "lithology",
        None,
        None,
        "FORCE_2020_LITHOFACIES_LITHOLOGY LITHOFACIES LITH LITHO LITHOLOGY_CODE",
        "category",
    ),
    _curve(
        "LITHOLOGY_CONFIDENCE",
        "",
        "confidence of the lithology, 1 high to 3 low",
        None,
        None,
        "FORCE_2020_LITHOFACIES_CONFIDENCE",
        "category",
    ),
    _curve("FORMATION", "", "formation", None, None, "FM FORM ZONE", "text"),
    _curve("GROUP", "", "lithostratigraphic group", None, None, "GRP", "text"),
)

CURVES: dict[str, Curve] = {curve.name: curve for curve in _ALL}
"""Standard name -> curve."""

ALIASES: dict[str, tuple[Curve, int]] = {
    alias: (curve, rank) for curve in reversed(_ALL) for rank, alias in enumerate(curve.aliases)
}
"""Mnemonic in capitals -> standard curve and rank among its names; the first curve wins."""


def curve_kind(name: str) -> Kind:
    """What may be done with a curve; a log where geoml does not know it."""
    return CURVES[name].kind if name in CURVES else "log"
