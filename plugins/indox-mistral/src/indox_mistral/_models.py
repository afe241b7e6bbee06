"""What each family of models at Mistral takes; nothing else here knows a model's name."""

from __future__ import annotations

from indox_core.plugin import EFFORTS, Capability, ModelFacts, ModelTable, ReasoningEffort

_REASONING = "https://docs.mistral.ai/inference/conversations/reasoning"
_OVERVIEW = "https://docs.mistral.ai/getting-started/models/models_overview/"
_CARDS = "https://docs.mistral.ai/models/"
_DAY = "2026-11-28"

_TOGGLE: tuple[ReasoningEffort, ...] = ("none", "high")
_TEXT: frozenset[Capability] = frozenset({"images", "documents", "audio"})


def _family(
    models: str,
    efforts: tuple[ReasoningEffort, ...],
    source: str,
    lacks: frozenset[Capability] = frozenset(),
) -> ModelFacts:
    return ModelFacts(models=models, efforts=efforts, lacks=lacks, source=source, as_of=_DAY)


MODELS = ModelTable(
    # Of other makers, served by Mistral. The later ones cannot be kept from thinking.
    _family(r"(zai-)?glm-5-2", EFFORTS, f"{_CARDS}zai-glm-5-2"),
    _family(r"(zai-)?glm-.*", ("low", "high", "max"), f"{_CARDS}zai-glm-5-3"),
    # The reasoning page gives Large 4 further levels; these two it has had from its first day on.
    _family(r"mistral-large-4.*", _TOGGLE, f"{_CARDS}mistral-large-4-0"),
    _family(r"mistral-medium(-latest|-26\d\d|-3([-.]5.*)?)?", _TOGGLE, _REASONING),
    _family(r"mistral-small(-latest|-26\d\d|-4.*)?", _TOGGLE, _REASONING),
    # Retired: the names lead to Small 4 and Medium 3.5.
    _family(r"magistral-.*|devstral(-medium|-small)?-latest", _TOGGLE, _OVERVIEW),
    _family(r"mistral-code-agent-.*|mistral-vibe-cli-.*", _TOGGLE, _OVERVIEW),
    # These write without thinking first, and the API refuses an effort for them.
    _family(r"(open-)?codestral-mamba.*", (), _OVERVIEW, _TEXT | {"tools"}),
    _family(r"(codestral|mistral-tiny|open-mi).*", (), _OVERVIEW, _TEXT),
    _family(r"(devstral|mistral-(large|medium|small|nemo|saba|code)|ministral).*", (), _OVERVIEW),
    _family(r"(labs-|mistral-ocr|open-|pixtral|voxtral).*", (), _OVERVIEW),
    # Names that are newer than this table: each of Mistral's that thinks knows these two efforts.
    _family(r".*", _TOGGLE, _REASONING),
)
