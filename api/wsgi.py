"""What a web worker loads: the application over the parts that the environment describes."""

import signal

from catalog.processes import end_with_parent

# The server's own master starts this process; when that is killed, its workers have to go too,
# also while they are still loading what stands below. Until then there is nothing to finish.
end_with_parent()
_in_order = signal.getsignal(signal.SIGTERM)
signal.signal(signal.SIGTERM, signal.SIG_DFL)

from api.app import create_app  # noqa: E402
from api.guard import WholeBodies  # noqa: E402
from catalog.bootstrap import web_parts  # noqa: E402

_web = web_parts()
app = WholeBodies(
    create_app(_web.parts, current=_web.current, sealed=_web.sealed, counters=_web.counters)
)
signal.signal(signal.SIGTERM, _in_order or signal.SIG_DFL)
