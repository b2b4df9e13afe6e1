"""What goes in and out as JSON, as a form or in a query."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from impasto.core.settings import STROKE_REFERENCES, Colors, PaintSettings

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
        description="Strokes are as large as they would be at this long side in pixels.",
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


class StyleFacts(BaseModel):
    """A style that can be painted."""

    name: str
    title: str
    artist: str
    year: int | None
    licence: str
    version: str = Field(description="Changes whenever the package does.")
    bundled: bool
    preview: str | None = Field(description="Where its picture is.")


class StyleList(BaseModel):
    """All styles, sorted by name."""

    styles: list[StyleFacts]
