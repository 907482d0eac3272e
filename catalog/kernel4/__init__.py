"""DataCite's metadata schema, kernel 4.7: attributes as XML and back, and their faults."""

from catalog.kernel4.judging import Fault, faults, faults_of_xml
from catalog.kernel4.layout import NAMESPACE
from catalog.kernel4.reading import Unreadable, from_xml
from catalog.kernel4.writing import to_xml

__all__ = ["NAMESPACE", "Fault", "Unreadable", "faults", "faults_of_xml", "from_xml", "to_xml"]
