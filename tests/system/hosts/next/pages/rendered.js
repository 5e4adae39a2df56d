// A page that is rendered on the server.
import * as hfetch from "hfetch";
import { three } from "../three.js";

export const getServerSideProps = async ({ query }) => ({ props: { results: await three(hfetch, query.base) } });

export default function Page({ results }) {
  return <pre>{JSON.stringify(results)}</pre>;
}
