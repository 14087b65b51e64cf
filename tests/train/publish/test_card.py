"""The model card: its whole form, what the Hub reads of it, and people's words that stay."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from ser_core import DEFAULT_MODEL, EmotionRecognizer
from ser_core.errors import ConfigError, ModelNotFoundError
from train.publish.hub_card import FRONT_MATTER, merge_card
from train.publish.hub_datasets import HUB_DATASET, hub_datasets
from train.publish.model_card import DIFFERENCES, ModelCard

ROOT = Path(__file__).parents[3]
NUMBER = r"\d+\.\d %"
PATTERN = re.compile(
    rf"""---
datasets:.*?model-index:
.*?---

# Speech emotion recognition: `\w+`

<!-- measured: summary -->
Recognises eight acted emotions .*? A network of [\d,]+ parameters,
evaluated on speakers it was not trained on\.
<!-- /measured -->

```python
from ser_core import EmotionRecognizer

recognizer = EmotionRecognizer\.from_pretrained\("[^"]+"\)
print\(recognizer\.predict\("clip\.wav"\)\)
```
.*?
## What it is for
.*?
## What it must not be used for
.*?article 5\(1\)\(f\).*?article 50\(3\).*?
## Data and licence

<!-- measured: data -->
\| corpus \|.*?
(?:\| [^|]+ \| [^|]+ \| [\d,]+ \| [\d.]+ \| \d+ \| \w\w \| [\w.-]+ \|
)+.*?<!-- /measured -->
.*?non-commercial use.*?
<!-- measured: evaluation -->
## Evaluation: unseen speakers
.*?
\| accuracy, mean over folds \| \*\*{NUMBER}\*\* ± {NUMBER} \|
.*?
### By emotion
.*?
(?:\| \w+ \| {NUMBER} \| {NUMBER} \| {NUMBER} \| \d+ \|
){{8}}.*?
### Confusion \(rows: truth; columns: prediction\)
.*?<!-- /measured -->

## Limits
.*?two sentences.*?
## How to cite
.*""",
    flags=re.DOTALL,
)


@pytest.fixture(scope="module")
def rendered() -> str:
    return ModelCard.of(Path(DEFAULT_MODEL), source="user/name").render()


def test_the_whole_card_follows_the_pattern(rendered):
    assert PATTERN.fullmatch(rendered)
    assert "{{" not in rendered
    assert "None" not in rendered


def test_the_hub_reads_results_licence_and_task(rendered):
    data = yaml.safe_load(FRONT_MATTER.match(rendered)[1])
    assert data["library_name"] == "keras"
    assert data["pipeline_tag"] == "audio-classification"
    assert data["license"] == "cc-by-nc-sa-4.0"
    corpora = json.loads((Path(DEFAULT_MODEL) / "dataset.json").read_text(encoding="utf-8"))[
        "corpora"
    ]
    learnt = [corpus for corpus in corpora if corpus["role"] != DIFFERENCES]
    assert len(learnt) == len(corpora) - 1  # of one only how voices differ was measured
    assert data["language"] == sorted({corpus["language"] for corpus in learnt})
    assert {"en", "pl"} <= set(data["language"])
    assert "none of whose sound is in the weights" in rendered
    assert data["datasets"] == ["amu-cai/nEMO"]  # the one of them that its publishers keep there
    assert "speech-emotion-recognition" in data["tags"]
    metrics = json.loads((Path(DEFAULT_MODEL) / "metrics.json").read_text(encoding="utf-8"))
    first = data["model-index"][0]["results"][0]
    assert first["dataset"]["config"] == "speaker"
    values = {metric["type"]: metric["value"] for metric in first["metrics"]}
    assert values == {
        "accuracy": metrics["mean"]["accuracy"],
        "uar": metrics["mean"]["uar"],
        "macro_f1": metrics["mean"]["macro_f1"],
        "ece": metrics["ece"],
    }


def test_a_card_names_the_data_sets_on_the_hub_that_were_trained_on():
    here = {"name": "mine", "role": "training", "homepage": f"{HUB_DATASET}user/mine"}
    nemo = {"name": "nemo", "role": "training", "homepage": "https://github.com/amu-cai/nEMO"}
    ravdess = {"name": "ravdess", "role": "training and evaluation", "homepage": ""}
    elsewhere = {"name": "theirs", "role": "training", "homepage": "https://example.com/datasets/x"}
    tested = here | {"role": "evaluation", "homepage": f"{HUB_DATASET}user/tested"}
    assert hub_datasets([ravdess, here, nemo, elsewhere, tested, nemo]) == [
        "user/mine",
        "amu-cai/nEMO",
    ]
    assert hub_datasets([]) == []


def test_each_part_of_the_weights_has_its_licence_and_each_citation_stands_once(rendered):
    card = ModelCard.of(Path(DEFAULT_MODEL), source="user/name")
    assert "| speech gate and diarisation (`ser_core/speech`) |" in rendered
    known = {"title": "Some encoder", "licence": "MIT (Some)", "homepage": "https://example.org"}
    first, *_ = card.dataset["corpora"]
    twice = [first, first | {"title": "The same people's song"}]
    dataset = card.dataset | {"corpora": twice, "encoder": known | {"role": "in the network"}}
    over = replace(card, dataset=dataset).render()
    assert "| the encoder's layers, as they were published | Some encoder | MIT (Some) |" in over
    assert "| the layers over it, its thresholds and statistics | the corpora above |" in over
    assert over.count(f"- {first['citation']}") == 1
    dataset["encoder"] = known | {"role": "in its teacher"}
    assert "the encoder's layers" not in replace(card, dataset=dataset).render()


def test_sets_and_domain_are_told_where_they_were_measured(rendered):
    card = ModelCard.of(Path(DEFAULT_MODEL), source="user/name")
    bare = {k: v for k, v in card.metrics.items() if k not in ("conformal", "domain")}
    sets = {
        "target": 0.9,
        "threshold": 0.08,
        "coverage": 0.8993,
        "coverage_interval": [0.8722, 0.9243],
        "least_coverage": 0.7333,
        "labels": 2.062,
        "single": 0.387,
    }
    domain = {
        "target": 0.95,
        "familiar_below": 1.25,
        "familiar": 0.941,
        "familiar_interval": [0.92, 0.96],
    }
    measured = replace(card, metrics=bare | {"conformal": sets, "domain": domain}).render()
    assert PATTERN.fullmatch(measured)
    for words in (
        "probability of at least 0.0800",
        "the truth in 90 % of all cases",
        "89.9 % (95 % interval over speakers 87.2 % to 92.4 %",
        "names 2.06 labels on average, and one alone for 39 %",
        "above 1.2500 is not `familiar`",
        "94.1 % of the clips of unseen speakers are familiar (95 % were",
    ):
        assert words in measured.replace("\n", " ")
    silent = replace(card, metrics=bare).render()
    assert "familiar" not in silent
    assert "conformal" not in silent


def test_the_snippet_runs(rendered, fixtures, capsys):
    snippet = re.search(r"```python\n(.+?)```", rendered, flags=re.DOTALL)[1]
    snippet = snippet.replace('"user/name"', repr(DEFAULT_MODEL))
    snippet = snippet.replace('"clip.wav"', repr(str(fixtures / "speech.flac")))
    exec(compile(snippet, "README.md", "exec"), {})
    expected = EmotionRecognizer.from_pretrained(DEFAULT_MODEL).predict(fixtures / "speech.flac")
    assert capsys.readouterr().out.strip() == str(expected)


def test_words_of_people_stay_and_figures_are_renewed(rendered):
    edited = rendered.replace("## Limits", "## Who made it\n\nAda.\n\n## Limits")
    edited = edited.replace("tags:\n", "tags:\n- my-tag\n").replace(
        "---\n", "---\nextra: kept\n", 1
    )
    edited = re.sub(r"\*\*\d\d\.\d %\*\*", "**95.0 %**", edited)
    edited = edited.replace("value: 0.", "value: 0.9")
    merged = merge_card(edited, rendered)
    assert "## Who made it\n\nAda." in merged
    assert "95.0 %" not in merged
    data = yaml.safe_load(FRONT_MATTER.match(merged)[1])
    ours = yaml.safe_load(FRONT_MATTER.match(rendered)[1])
    assert data["extra"] == "kept"
    assert set(data["tags"]) == {*ours["tags"], "my-tag"}
    assert data["model-index"] == ours["model-index"]
    body = FRONT_MATTER.sub("", merged)
    assert body.replace("## Who made it\n\nAda.\n\n", "") == FRONT_MATTER.sub("", rendered)


def test_merging_a_card_with_itself_changes_no_word(rendered):
    once = merge_card(rendered, rendered)
    assert merge_card(once, rendered) == once
    assert FRONT_MATTER.sub("", once) == FRONT_MATTER.sub("", rendered)


def test_a_part_that_somebody_deleted_comes_back(rendered):
    without = re.sub(
        r"<!-- measured: data -->.*?<!-- /measured -->\n", "", rendered, flags=re.DOTALL
    )
    assert "<!-- measured: data -->" not in without
    assert "<!-- measured: data -->" in merge_card(without, rendered)


@pytest.mark.parametrize("foreign", ["# A card\n", "---\nlicense: mit\n---\n# A card\n", ""])
def test_a_card_of_others_is_not_overwritten(rendered, foreign):
    with pytest.raises(ConfigError, match="give --replace-card"):
        merge_card(foreign, rendered)


def test_a_repository_without_metrics_has_no_card(tmp_path):
    with pytest.raises(ModelNotFoundError, match=r"has no metrics\.json"):
        ModelCard.of(tmp_path, source="user/name")


def test_a_card_names_the_licence_of_what_the_model_learnt_from():
    card = ModelCard.of(Path(DEFAULT_MODEL), source="user/name")
    assert card.licence == "cc-by-nc-sa-4.0"
    corpora = json.loads(json.dumps(card.dataset["corpora"]))
    corpora[0]["licence"] = "LicenseRef-IEMOCAP"
    mixed = replace(card, dataset=card.dataset | {"corpora": corpora})
    text = mixed.render()
    head = yaml.safe_load(FRONT_MATTER.match(text)[1])
    assert head["license"] == "other"
    assert "use them as the terms of each of them allow" in text
    assert "under CC BY-NC-SA 4.0" not in text
    corpora = [corpus | {"licence": "CC-BY-4.0"} for corpus in corpora]
    assert replace(card, dataset=card.dataset | {"corpora": corpora}).licence == "cc-by-4.0"
