"""What goes in and out as JSON, as a form or in a query."""

from fractions import Fraction
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator
from pydantic_core import PydanticCustomError

from impasto.core.errors import SettingsError
from impasto.core.settings import MOST_FEATHER, STROKE_REFERENCES, Colors, PaintSettings
from impasto.engine.selection import Selection
from impasto.server.job_store import Kind, State
from impasto.styles.spec import NAME_PATTERN

STYLE_NAME: Final = f"^{NAME_PATTERN}$"
FormatName = Literal["jpeg", "png", "webp", "avif", "tiff"]


class PaintQuery(BaseModel):
    """How a photo is painted."""

    model_config = ConfigDict(extra="forbid")

    style: str = Field(
        max_length=512,
        description="NAME, or a mix NAME:WEIGHT,NAME:WEIGHT.",
        examples=["scream", "scream:0.6,great-wave:0.4"],
    )
    strength: float = Field(
        PaintSettings.strength, ge=0, le=1, description="0 gives the photo back, 1 is the style."
    )
    stroke_reference: int | None = Field(
        None,
        ge=STROKE_REFERENCES[0],
        le=STROKE_REFERENCES[1],
        description="Strokes are as large as they would be at this long side in pixels. A photo is "
        "enlarged to it up to the pixels that a photo may have.",
    )
    colors: Colors = Field(
        PaintSettings.colors, description="The style's colours, or those of the photo (content)."
    )
    size: int | None = Field(
        None, ge=1, le=65_535, description="The longest side of the result; never enlarges."
    )
    format: FormatName | None = Field(None, description="Of the result; as the photo without it.")
    quality: int | None = Field(None, ge=1, le=100, description="Of JPEG, WebP and AVIF.")

    @property
    def paint(self) -> PaintSettings:
        """The settings of the painter."""
        return PaintSettings(self.strength, self.colors, self.size, self.stroke_reference)


class PaintForm(PaintQuery):
    """How a photo with masks is painted."""

    feather: float = Field(
        0,
        ge=0,
        le=MOST_FEATHER,
        description="Pixels that are soft to each side of a mask's edge; only with masks.",
    )


class LiveSettings(PaintQuery):
    """How a camera is painted; may be sent again at any time."""

    format: Literal["jpeg"] = "jpeg"
    quality: int | None = Field(80, ge=1, le=100)


class VideoForm(PaintQuery):
    """How a video is painted."""

    format: Literal["mp4", "webm"] = "mp4"  # type: ignore[assignment]
    flow: float = Field(0, ge=0, le=1, description="How much strokes follow what moves; slower.")
    fps: str | None = Field(
        None,
        pattern=r"^[1-9][0-9]{0,5}(/[1-9][0-9]{0,5})?$",
        description="Frames a second, such as 25 or 30000/1001; without it those of the video.",
    )

    @field_validator("fps")
    @classmethod
    def _check_rate(cls, fps: str | None) -> str | None:
        """Refused before the job is taken, in the words in which its process would fail."""
        try:
            Selection(rate=Fraction(fps) if fps else None)
        except SettingsError as error:
            raise PydanticCustomError("rate", "{why}", {"why": str(error)}) from error
        return fps


class FitForm(BaseModel):
    """A style to be learned."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(pattern=STYLE_NAME, examples=["mine"])
    title: str = Field("", max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")
    minutes: float = Field(10, gt=0, allow_inf_nan=False)


class JobTaken(BaseModel):
    """A job was taken."""

    id: str = Field(examples=["0123456789abcdef0123456789abcdef"])
    url: str = Field(examples=["/v1/jobs/0123456789abcdef0123456789abcdef"])


class JobFacts(BaseModel):
    """How far a job is."""

    id: str = Field(examples=["0123456789abcdef0123456789abcdef"])
    kind: Kind
    state: State
    progress: float = Field(ge=0, le=1, examples=[0.4])
    message: str = Field(examples=["frame 96 of 240"])
    result: str | None = Field(examples=["/v1/jobs/0123456789abcdef0123456789abcdef/result"])
    preview: str | None = Field(examples=["/v1/jobs/0123456789abcdef0123456789abcdef/preview"])


class StyleFacts(BaseModel):
    """A style that can be painted."""

    name: str = Field(examples=["scream"])
    title: str = Field(examples=["The Scream"])
    artist: str = Field(examples=["Edvard Munch"])
    year: int | None = Field(examples=[1893])
    licence: str = Field(examples=["public domain"])
    version: str = Field(description="Changes whenever the package does.", examples=["013b2f11"])
    bundled: bool = Field(description="Whether it came with impasto or the model.")
    preview: str | None = Field(
        description="Where its picture is.", examples=["/v1/styles/scream/preview"]
    )


class StyleList(BaseModel):
    """All styles, sorted by name."""

    styles: list[StyleFacts]


class Limits(BaseModel):
    """How much is taken; bytes, pixels, seconds."""

    max_bytes: int
    max_pixels: int
    max_regions: int
    max_video_bytes: int
    max_video_frames: int
    max_fit_minutes: float
    max_live: int
    deadline: float


class About(BaseModel):
    """What the server is."""

    version: str = Field(examples=["0.1.0"])
    model: str = Field(examples=["default"])
    trunk_id: str = Field(description="SHA-256 of the model's weights.")
    limits: Limits
    train: bool = Field(description="Whether styles can be fitted here.")
    video: bool = Field(description="Whether videos can be painted here.")


class Health(BaseModel):
    """The process lives."""

    status: Literal["ok"] = "ok"


class Readiness(BaseModel):
    """Whether the server can paint, and what keeps a style from it."""

    ready: bool
    styles: int
    refused: dict[str, str] = Field(description="Why a style package is not used, by its name.")
    fault: str | None = Field(description="What keeps jobs, or the watch of styles, from work.")
    decoders: int
    waiting: int
