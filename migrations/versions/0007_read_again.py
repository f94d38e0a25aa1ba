"""What was handed in can be read again from the database alone

Revision: 0007, after 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("submission", sa.Column("charset", sa.String(length=16), nullable=False, server_default="utf-8"))
    op.add_column("data_revision", sa.Column("declared", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("data_revision", "declared")
    op.drop_column("submission", "charset")
