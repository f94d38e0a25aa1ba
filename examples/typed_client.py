"""Hands a customer in and reads his card through a typed client, which `make clients` generates from the contract.

    KONTOR_KEY=… PYTHONPATH=build .venv-tools/bin/python examples/typed_client.py DE --url http://127.0.0.1:8000

An editor completes the fields, and a type checker finds a misspelt one before it is sent.
"""

import argparse
import os

from kontor_client import AuthenticatedClient
from kontor_client.api.data import get_customer
from kontor_client.api.submissions import submit_customers
from kontor_client.models.customer_card import CustomerCard
from kontor_client.models.problem_document import ProblemDocument
from kontor_client.models.submission_receipt import SubmissionReceipt
from kontor_client.models.submit_customers_json_customers_row import SubmitCustomersJsonCustomersRow

CUSTOMER = SubmitCustomersJsonCustomersRow(code="T-1", name="Muster GmbH", potential="900000", region="Bavaria")


def main() -> None:
    parser = argparse.ArgumentParser(description="Hand a customer in and read his card.")
    parser.add_argument("subsidiary")
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    arguments = parser.parse_args()
    with AuthenticatedClient(base_url=arguments.url, token=os.environ["KONTOR_KEY"]) as client:
        receipt = submit_customers.sync(client=client, body=[CUSTOMER], subsidiary=arguments.subsidiary)
        if not isinstance(receipt, SubmissionReceipt):
            raise SystemExit(told(receipt))
        print(f"{receipt.id}: added {receipt.added}, corrected {receipt.corrected}, unchanged {receipt.unchanged}")
        card = get_customer.sync(subsidiary=arguments.subsidiary, code=CUSTOMER.code, client=client)
        if not isinstance(card, CustomerCard):
            raise SystemExit(told(card))
        print(f"{card.code} {card.name}, {card.region}: potential {card.potential} {card.currency}")


def told(answer: object) -> str:
    """What a refusal says."""
    return f"{answer.title}: {answer.detail}" if isinstance(answer, ProblemDocument) else f"Not expected: {answer}"


if __name__ == "__main__":
    main()
