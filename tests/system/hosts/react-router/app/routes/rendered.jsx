// A page that is rendered on the server.
import * as hfetch from "hfetch";
import { three } from "../../three.js";

export async function loader({ request }) {
  const base = new URL(request.url).searchParams.get("base");
  return base ? three(hfetch, base) : null;
}

export default function Page({ loaderData }) {
  return <pre>{JSON.stringify(loaderData)}</pre>;
}
