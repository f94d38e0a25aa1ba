"""What an input of a plan was computed from

Revision: 0010, after 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("plan_input", sa.Column("evidence", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("plan_input", "evidence")
