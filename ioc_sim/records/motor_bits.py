"""The motor record's status words and menus, as plain integers: they are tested at every step of a motion."""

from __future__ import annotations


class Mip:
    """Motion in progress: where the record is in the sequence of moves that makes one motion (field MIP)."""

    DONE = 0
    JOGF = 0x0001
    JOGR = 0x0002
    JOG_BL1 = 0x0004
    HOMF = 0x0008
    HOMR = 0x0010
    MOVE = 0x0020
    RETRY = 0x0040
    LOAD_P = 0x0080
    MOVE_BL = 0x0100
    STOP = 0x0200
    DELAY_REQ = 0x0400
    DELAY_ACK = 0x0800
    JOG_REQ = 0x1000
    JOG_STOP = 0x2000
    JOG_BL2 = 0x4000
    EXTERNAL = 0x8000

    JOG = JOGF | JOGR | JOG_BL1 | JOG_BL2
    HOME = HOMF | HOMR
    DELAY = DELAY_REQ | DELAY_ACK


class Msta:
    """What the controller says about the axis (field MSTA); directions are raw."""

    DIRECTION = 0x0001  # the last motion was towards higher raw positions
    DONE = 0x0002
    PLUS_LS = 0x0004
    AT_HOME = 0x0008
    SLIP = 0x0010
    POSITION = 0x0020  # closed-loop control is on
    SLIP_STALL = 0x0040  # following error
    ENCODER_HOME = 0x0080
    ENCODER_PRESENT = 0x0100
    PROBLEM = 0x0200
    MOVING = 0x0400
    GAIN_SUPPORT = 0x0800
    COMM_ERR = 0x1000
    MINUS_LS = 0x2000
    HOMED = 0x4000


class Spmg:
    """The switch Stop, Pause, Move, Go (field SPMG)."""

    STOP = 0
    PAUSE = 1
    MOVE = 2
    GO = 3


class Stup:
    """The request for a status update (field STUP)."""

    OFF = 0
    ON = 1
    BUSY = 2


class RetryMode:
    """How retries approach the target (field RMOD)."""

    DEFAULT = 0
    ARITHMETIC = 1
    GEOMETRIC = 2
    IN_POSITION = 3
