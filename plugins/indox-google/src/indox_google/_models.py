"""What each family of Google's models takes; nothing else here knows a model's name."""

from __future__ import annotations

from dataclasses import dataclass

from indox_core.plugin import Capability, ModelFacts, ModelTable, ReasoningEffort


@dataclass(frozen=True, slots=True, kw_only=True)
class GoogleFacts(ModelFacts):
    """`efforts` are thinking levels by their names, or token budgets where `budgets` is given."""

    budgets: tuple[int, int] | None = None
    """The least and the most tokens that it thinks with, beside 0 where it can be kept from it.
    `None`: it is told a level."""
    thinks: bool = True
    """Whether it thinks at all, so that its thoughts can be shown."""
    system: bool = True
    """Whether it takes a system instruction."""
    schema_with_tools: bool = True
    """Whether the answer keeps to a schema while there are tools."""
    signs_calls: bool = True
    """Whether it refuses a turn whose first call has no signature."""

    @property
    def sampling(self) -> bool:
        """Whether it takes `top_k` and penalties beside what `lacks` says."""
        return "temperature" not in self.lacks


_THINKING = "https://ai.google.dev/gemini-api/docs/thinking"
_GEMINI_3 = "https://ai.google.dev/gemini-api/docs/gemini-3"
_GEMINI_4 = "https://ai.google.dev/gemini-api/docs/latest-model"
_PLATFORM = "https://docs.cloud.google.com/gemini-enterprise-agent-platform/models/thinking"
_MODELS = "https://ai.google.dev/gemini-api/docs/models"
_IMAGES = "https://ai.google.dev/gemini-api/docs/image-generation"
_SPEECH = "https://ai.google.dev/gemini-api/docs/speech-generation"
_MUSIC = "https://ai.google.dev/gemini-api/docs/music-generation"
_RESEARCH = "https://ai.google.dev/gemini-api/docs/deep-research"
_COMPUTER = "https://ai.google.dev/gemini-api/docs/computer-use"
_ROBOTICS = "https://ai.google.dev/gemini-api/docs/robotics-overview"
_OMNI = "https://ai.google.dev/gemini-api/docs/omni"
_GEMMA = "https://ai.google.dev/gemma/docs/core/gemma_on_gemini_api"
_DAY = "2026-11-28"

_LOW_TO_HIGH: tuple[ReasoningEffort, ...] = ("low", "medium", "high")
_SAMPLING: frozenset[Capability] = frozenset({"temperature", "top_p"})
_MADE_THINGS: frozenset[Capability] = frozenset(
    {"tools", "response_schema", "web_search", "reasoning"}
)
_TEXT_ONLY: frozenset[Capability] = _MADE_THINGS | {"images", "documents", "audio"}


def _level(
    models: str,
    efforts: tuple[ReasoningEffort, ...],
    source: str = _THINKING,
    lacks: frozenset[Capability] = frozenset(),
    system: bool = True,
) -> GoogleFacts:
    """Gemini 3 and later: a level, no sampling and no answer that is begun for it."""
    return GoogleFacts(
        models=models, efforts=efforts, lacks=_SAMPLING | lacks, prefill=False, system=system,
        source=source, as_of=_DAY,
    )  # fmt: skip


def _budget(
    models: str, efforts: tuple[ReasoningEffort, ...], budgets: tuple[int, int], source: str
) -> GoogleFacts:
    return GoogleFacts(
        models=models, efforts=efforts, budgets=budgets, schema_with_tools=False,
        signs_calls=False, source=source, as_of=_DAY,
    )  # fmt: skip


def _thoughtless(
    models: str,
    source: str,
    lacks: frozenset[Capability] = frozenset(),
    system: bool = True,
    prefill: bool = True,
) -> GoogleFacts:
    return GoogleFacts(
        models=models, efforts=(), thinks=False, lacks=lacks, prefill=prefill, system=system,
        schema_with_tools=False, signs_calls=False, source=source, as_of=_DAY,
    )  # fmt: skip


MODELS = ModelTable(
    # What makes sound, music and pictures.
    _thoughtless(r"lyria.*", _MUSIC, _TEXT_ONLY, system=False),
    _thoughtless(r".*-tts(-.*)?", _SPEECH, _TEXT_ONLY),
    _thoughtless(r"gemini-2\..*-image.*", _IMAGES, _MADE_THINGS | {"audio"}),
    _level(
        r"gemini-3\.1-flash(-lite)?-image.*", ("minimal", "high"), _IMAGES,
        frozenset({"tools", "audio"}),
    ),
    # It thinks always, and how much cannot be said.
    _level(r"gemini-.*-image.*|nano-banana.*", (), _IMAGES, frozenset({"tools", "audio"})),
    # It reads and writes by other ways than generateContent; what it is told there goes here too.
    _level(
        r"gemini-omni-1\.2-.*", _LOW_TO_HIGH, _OMNI, frozenset({"tools", "audio"}), system=False
    ),
    _level(r"gemini-omni-.*", _LOW_TO_HIGH, _OMNI, frozenset({"tools"})),
    _thoughtless(r"deep-research-pro-.*", _RESEARCH, frozenset({"tools"}), prefill=False),
    _thoughtless(
        r"deep-research-.*", _RESEARCH, frozenset({"tools", "response_schema"}), prefill=False
    ),
    _thoughtless(r"gemini-2\.5-computer-use-.*", _COMPUTER),
    # Budgets. The pro models of this generation cannot be kept from thinking.
    _budget(
        r"gemini-2\.5-pro.*|gemini-exp-1206", ("minimal", "low", "medium", "high"), (128, 32768),
        _THINKING,
    ),
    _budget(
        r"gemini-2\.5-flash-lite.*", ("none", "minimal", "low", "medium", "high"), (512, 24576),
        _THINKING,
    ),
    _budget(
        r"gemini-2\.5-.*", ("none", "minimal", "low", "medium", "high"), (1, 24576), _THINKING
    ),
    _budget(
        r"gemini-robotics-er-1.*", ("none", "minimal", "low", "medium", "high"), (1, 24576),
        _ROBOTICS,
    ),
    # Levels.
    _level(r"gemini-3-pro.*", ("low", "high"), _GEMINI_3),
    _level(r"gemini-3\.1-pro.*", _LOW_TO_HIGH),
    _level(r"gemini-3(\.[156])?-flash.*", ("minimal", "low", "medium", "high")),
    _level(r"gemini-3\.[78]-.*", _LOW_TO_HIGH),
    _level(r"gemini-4-hydrogen.*", (*_LOW_TO_HIGH, "xhigh"), _PLATFORM),
    _level(r"gemini-4-.*", _LOW_TO_HIGH, _GEMINI_4),
    # Gemma 4 thinks or does not.
    GoogleFacts(
        models=r"gemma-4-.*", efforts=("minimal", "high"), schema_with_tools=False,
        signs_calls=False, source=_GEMMA, as_of=_DAY,
    ),
    _thoughtless(r"(gemini-)?gemma-.*", _GEMMA, system=False),
    _thoughtless(r"gemini-(1|2\.0|exp)[.-].*|learnlm-.*", _MODELS),
    # Names that are newer than this table, and aliases that move: what the newest models all take.
    # A level that one of them refuses is never sent, and so is no sampling parameter.
    _level(r".*", _LOW_TO_HIGH),
)  # fmt: skip


def facts_of(model: str) -> GoogleFacts:
    """The facts of a name with or without its collection, such as `models/`."""
    return MODELS.of(model.rpartition("/")[2])
