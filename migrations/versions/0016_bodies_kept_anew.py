"""Under which hash a body is kept that was kept anew

Revision: 0016, after 0015
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("submission", sa.Column("kept_sha256", sa.String(length=64), nullable=True))


def downgrade() -> None:
    op.drop_column("submission", "kept_sha256")
