"""What a web worker loads: the application over the parts that the environment describes."""

from api.app import create_app
from api.guard import WholeBodies
from catalog.bootstrap import web_parts
from catalog.processes import end_with_parent

# The server's own master starts this process; when that is killed, its workers have to go too.
end_with_parent()
_web = web_parts()
app = WholeBodies(create_app(_web.parts, sealed=_web.sealed, counters=_web.counters))
