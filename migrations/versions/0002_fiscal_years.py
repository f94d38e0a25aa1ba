"""The month in which the fiscal year of a subsidiary, and of the group, begins

Revision: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("subsidiary", sa.Column("fiscal_year_start", sa.Integer(), server_default="1", nullable=False))


def downgrade() -> None:
    op.drop_column("subsidiary", "fiscal_year_start")
