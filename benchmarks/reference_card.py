"""Reference of `customer_card.py`: a primary-key read in ten lines of FastAPI and SQLModel, no access checks."""

import os
from typing import Annotated

from fastapi import Depends, FastAPI
from sqlmodel import Session, create_engine

from service.store.customers import Customer

engine = create_engine(os.environ["REFERENCE_URL"], pool_size=16)
app = FastAPI()


def session():
    with Session(engine) as opened:
        yield opened


@app.get("/customers/{subsidiary_id}/{customer_id}")
def read(subsidiary_id: int, customer_id: int, session: Annotated[Session, Depends(session)]) -> Customer:
    return session.get_one(Customer, (subsidiary_id, customer_id))
