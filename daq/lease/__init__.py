"""One engine at a time per station: who holds it, how it is taken, kept and lost; see docs/reference/lease.md."""

from daq.lease.errors import Held, Lost
from daq.lease.holder import Holder, check_free, current_holder
from daq.lease.lease import Lease
from daq.lease.place import Place, place

__all__ = ["Held", "Holder", "Lease", "Lost", "Place", "check_free", "current_holder", "place"]
