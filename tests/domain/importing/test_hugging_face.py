"""Cards of Hugging Face: the front matter, the sections of the text, and what stays behind."""

import pytest

from catalog.domain.errors import Unreadable
from catalog.domain.importing import hugging_face
from catalog.library import library
from tests.domain.importing.conversions import carried, lost, source, told

MODEL = "cloud-cover.model.md"
DATA = "waggleclouds.dataset.md"


def of_text(text: str, item_type: str | None = None) -> dict[str, object]:
    tree = hugging_face.parsed(text)
    return hugging_face.carried(tree.value, library(), item_type).document


def test_a_model_card_tells_task_framework_licence_and_data() -> None:
    document = carried(MODEL).document
    assert document["@type"] == "it6:MachineLearningModel"
    assert document["mlTask"]["@id"].endswith("/ml-task/image-segmentation")
    assert document["runtimeRequirement"]["framework"]["@id"].endswith("/framework/pytorch")
    assert document["license"] == {"@id": "https://spdx.org/licenses/Apache-2.0"}
    assert document["trainedOn"] == {
        "@id": "https://huggingface.co/datasets/sagecontinuum/waggleclouds"
    }


def test_the_sections_of_the_templates_find_their_fields() -> None:
    document = carried(MODEL).document
    assert document["title"] == "Cloud cover U-Net"
    assert document["dct:description"].startswith("Tells for each pixel")
    assert document["intendedUse"] == "Cloud cover by day, from cameras that look up."
    assert "# load it" in document["howToUse"]
    assert document["limitations"] == "Haze is taken for cloud."


def test_a_section_that_was_never_filled_in_says_nothing() -> None:
    assert "modelRisksBiasLimitations" not in carried(MODEL).document


def test_sections_without_a_field_are_named() -> None:
    assert "“Evaluation results”" in lost(carried(MODEL))["/README.md"]


def test_results_and_metrics_belong_to_an_evaluation() -> None:
    told_lost = lost(carried(MODEL))
    assert "evaluation" in told_lost["/model-index/0/results"]
    assert "evaluation" in told_lost["/metrics"]


def test_a_base_model_counts_only_as_an_address() -> None:
    found = carried(MODEL, base_model="timm/resnet50")
    assert "fineTunedFrom" not in found.document
    assert "https://huggingface.co/timm/resnet50" in lost(found)["/base_model"]


def test_a_tag_with_a_kind_is_no_keyword() -> None:
    document = carried(MODEL).document
    assert document["keyword"] == ["clouds", "sky camera"]
    assert document["isReferencedBy"] == {"@id": "https://arxiv.org/abs/2112.08598"}


def test_names_on_the_hub_are_no_persons() -> None:
    found = carried(MODEL, model_creator="someone")
    assert "creator" not in found.document
    assert "not the name of a person" in lost(found)["/model_creator"]


def test_a_framework_that_the_vocabulary_does_not_know_is_lost() -> None:
    found = carried(MODEL, library_name="sentence-transformers")
    assert "runtimeRequirement" not in found.document
    assert "vocabulary framework" in lost(found)["/library_name"]


@pytest.mark.parametrize(
    ("code", "iri"),
    [
        ("en", "http://id.loc.gov/vocabulary/iso639-1/en"),
        ("ceb", "http://publications.europa.eu/resource/authority/language/CEB"),
    ],
)
def test_a_language_is_read_by_its_code(code: str, iri: str) -> None:
    assert carried(MODEL, language=code).document["language"] == {"@id": iri}


def test_multilingual_is_no_language() -> None:
    assert "/language/1" in lost(carried(MODEL, language=["en", "multilingual"]))


def test_the_order_of_the_front_matter_does_not_matter() -> None:
    tree = source(DATA)
    turned = hugging_face.carried(dict(reversed(list(tree.items()))), library())
    assert turned.document == carried(DATA).document


def test_a_data_card_tells_splits_tables_and_classes() -> None:
    document = carried(DATA).document
    assert document["@type"] == "sage:TrainingDataset"
    assert [one["recordCount"]["@value"] for one in document["split"]] == ["2870", "300"]
    assert [one["@value"] for one in document["className"]] == ["sky", "cloud"]
    assert document["recordSet"]["field"][0]["dataType"] == {
        "@id": "https://schema.org/ImageObject"
    }
    assert document["modality"]["@id"].endswith("/modality/image")


def test_a_licence_of_its_own_has_name_and_page() -> None:
    assert carried(DATA).document["license"] == {
        "@type": "dct:LicenseDocument",
        "title": "argonne-terms",
        "page": {"@id": "https://www.anl.gov/terms"},
    }


def test_another_licence_without_a_name_is_lost() -> None:
    found = carried(MODEL, license="other")
    assert "license" not in found.document
    assert "license_name" in lost(found)["/license"]


def test_the_summary_is_the_description_and_not_the_list_above_it() -> None:
    assert carried(DATA).document["dct:description"].startswith("Sky images of one node")


def test_a_card_that_says_nothing_of_its_kind_is_read_as_of_a_model() -> None:
    tree = hugging_face.parsed("---\nlicense: mit\n---\n# Smoke\n\nFinds smoke.\n")
    found = hugging_face.carried(tree.value, library())
    assert found.document["@type"] == "it6:MachineLearningModel"
    assert "read as of a model" in told(found)[""]


def test_the_kind_may_be_said() -> None:
    text = "---\nlicense: mit\n---\n# Smoke\n\nImages of smoke.\n"
    assert of_text(text, "training-data")["@type"] == "sage:TrainingDataset"


@pytest.mark.parametrize("text", ["", "# Smoke", "---\n---\n# Smoke", "---\n# nothing\n---\n",
                                  "---\nlicense: mit", "---\n- a\n- b\n---\n"])  # fmt: skip
def test_a_card_may_lack_any_part(text: str) -> None:
    assert of_text(text)["@type"] == "it6:MachineLearningModel"


def test_a_fault_in_the_front_matter_is_named_with_its_line_in_the_card() -> None:
    with pytest.raises(Unreadable) as fault:
        hugging_face.parsed("---\nlicense: mit\ntags: [a\n---\ntext\n")
    assert fault.value.evidence["line"] in {3, 4}


def test_a_value_has_its_line_in_the_card() -> None:
    tree = hugging_face.parsed("---\nlicense: mit\n---\ntext\n")
    assert tree.place("/license") == (2, 10)
    assert tree.place("/README.md") == (3, 1)
