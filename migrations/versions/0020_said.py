"""A problem of a submission keeps what its message was made of, so that it is said in the language of who reads it

Revision: 0020, after 0019
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("submission_problem", sa.Column("said", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("submission_problem", "said")
