"""The metadata formats that items are harvested in, by their prefix in OAI-PMH."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from api.context import parts
from api.negotiation import RDF_XML
from catalog.domain.exporting import oai_dc
from catalog.domain.exporting.datacite_forms import datacite_xml
from catalog.domain.exporting.exported import Exported
from catalog.domain.feeds.xml_text import allowed, escaped
from catalog.domain.profiles import dcat_ap
from catalog.domain.writing import rebased, serialized

XSI: Final = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
_OAI_DC: Final = "http://www.openarchives.org/OAI/2.0/oai_dc/"
_OAI_DATACITE: Final = "http://schema.datacite.org/oai/oai-1.1/"
_KERNEL: Final = "4.7"


@dataclass(frozen=True, slots=True)
class MetadataFormat:
    """A format: its prefix, the addresses of its schema and namespace, and what writes it.

    write  returns one element, with every namespace that it uses
    """

    prefix: str
    schema: str
    namespace: str
    write: Callable[[Exported], str]


def _dublin_core(exported: Exported) -> str:
    """Write `oai_dc:dc`, which every repository has to offer."""
    inside = "".join(
        f"<dc:{name}>{escaped(text)}</dc:{name}>" for name, text in oai_dc.elements(exported)
    )
    return (
        f'<oai_dc:dc xmlns:oai_dc="{_OAI_DC}" xmlns:dc="{oai_dc.NAMESPACE}" {XSI} '
        f'xsi:schemaLocation="{_OAI_DC} http://www.openarchives.org/OAI/2.0/oai_dc.xsd">'
        f"{inside}</oai_dc:dc>"
    )


def _dcat(exported: Exported) -> str:
    """Write the item's pack in DCAT-AP as RDF/XML."""
    base = exported.house.base
    said = dcat_ap.export(
        exported.record, exported.meaning, exported.house, exported.names, exported.cited
    )
    written = serialized(rebased(said, base), RDF_XML, exported.iri).decode()
    return allowed(written.partition("?>")[2].lstrip())


def _datacite(exported: Exported) -> str:
    """Write kernel-4 XML, as the registrar gets it."""
    return allowed(datacite_xml(exported).decode().partition("?>")[2].strip())


def _oai_datacite(exported: Exported) -> str:
    """Write the same in DataCite's own envelope for harvesters."""
    symbol = parts().settings.registrar_account[0] or parts().settings.domain
    return (
        f'<oai_datacite xmlns="{_OAI_DATACITE}" {XSI} '
        f'xsi:schemaLocation="{_OAI_DATACITE} {_OAI_DATACITE}oai.xsd">'
        f"<schemaVersion>{_KERNEL}</schemaVersion>"
        f"<datacentreSymbol>{escaped(symbol)}</datacentreSymbol>"
        f"<payload>{_datacite(exported)}</payload></oai_datacite>"
    )


FORMATS: Final[Mapping[str, MetadataFormat]] = {
    one.prefix: one
    for one in (
        MetadataFormat(
            "oai_dc", "http://www.openarchives.org/OAI/2.0/oai_dc.xsd", _OAI_DC, _dublin_core
        ),
        MetadataFormat("oai_datacite", f"{_OAI_DATACITE}oai.xsd", _OAI_DATACITE, _oai_datacite),
        MetadataFormat(
            "datacite",
            "http://schema.datacite.org/meta/kernel-4/metadata.xsd",
            "http://datacite.org/schema/kernel-4",
            _datacite,
        ),
        MetadataFormat(
            "dcat",
            "http://www.openarchives.org/OAI/2.0/rdf.xsd",
            "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
            _dcat,
        ),
    )
}
