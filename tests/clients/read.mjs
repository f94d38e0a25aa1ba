// Reads an OData service with clients that we did not write: node read.mjs ADDRESS KEY

import { OData } from "@odata/client";
import csdl from "odata-csdl";
import openapi from "odata-openapi";

const PAGE = 1000;
const [address, key] = process.argv.slice(2);
const headers = { Authorization: `Basic ${Buffer.from(`any:${key}`).toString("base64")}` };

const messages = [];
const answer = await fetch(`${address}$metadata`, { headers });
const model = csdl.xml2json(await answer.text(), { messages });
const document = openapi.csdl2openapi(model, { messages });

async function fetchProxy(url, init) {
  const response = await fetch(url, { ...init, headers: { ...init?.headers, ...headers } });
  const json = response.headers.get("content-type").includes("json");
  return { content: json ? await response.json() : await response.text(), response };
}

const client = OData.New4({ serviceEndpoint: address, fetchProxy });
const sets = {};
for (const name of Object.keys(model.Kontor.Container).filter((one) => !one.startsWith("$"))) {
  const set = client.getEntitySet(name);
  const counted = await set.count();
  let read = 0;
  while (read < counted) {
    read += (await set.query(client.newParam().skip(read).top(PAGE))).length;
  }
  sets[name] = { counted, read };
}
console.log(JSON.stringify({ messages, paths: Object.keys(document.paths).length, sets }));
