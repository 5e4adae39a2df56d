// The Pages Router.
import { Readable } from "node:stream";
import * as hfetch from "hfetch";
import { answer } from "../../three.js";

export default async function handler(request, response) {
  const left = new AbortController();
  response.on("close", () => left.abort());
  const { status, headers, body } = await answer(hfetch, new URL(request.url, "http://host"), left.signal);
  // Without this header Next compresses a stream here, which delays it.
  response.writeHead(status, { ...Object.fromEntries(headers), "cache-control": "no-transform" });
  Readable.fromWeb(body).on("error", () => response.destroy()).pipe(response);
}
