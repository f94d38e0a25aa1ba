"""What every stored result says of itself."""

from datetime import datetime

from pydantic import Field

from service.api.models import Strict


class ResultDocument(Strict):
    id: str
    subsidiary: str
    currency: str
    method: str = Field(description="The method version it was computed with.")
    data_revision: int = Field(description="The state of the subsidiary's data it was computed from.")
    fresh: bool = Field(description="Whether nothing has changed in the data since.")
    computed_at: datetime
