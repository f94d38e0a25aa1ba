// A typed client of the contract, as a team with TypeScript would write it. `make lint-contract` checks its types.
import createClient from "openapi-fetch";

import type { components, paths } from "./contract";

type Card = components["schemas"]["CustomerCard"];

export async function handInAndReadBack(address: string, key: string): Promise<Card> {
  const kontor = createClient<paths>({ baseUrl: address, headers: { Authorization: `Bearer ${key}` } });

  const { data: receipt, error } = await kontor.POST("/v1/submissions/customers", {
    params: { query: { subsidiary: "DE", mode: "valid" } },
    body: [{ code: "C1", name: "Muster GmbH", potential: "900000" }],
  });
  if (error) throw new Error(`${error.title}: ${error.detail}`);
  if (!("accepted" in receipt)) throw new Error("A job: nobody asked to hand it in later.");
  const taken: number = receipt.accepted;
  if (taken !== 1) throw new Error("It was refused.");

  const { data: card } = await kontor.GET("/v1/customers/{subsidiary}/{code}", {
    params: { path: { subsidiary: "DE", code: "C1" } },
  });
  if (card === undefined) throw new Error("The customer was not stored.");
  // @ts-expect-error the contract knows no such field
  void card.colour;
  return card;
}
