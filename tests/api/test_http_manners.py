"""What the text of GraphQL over HTTP says besides its audits: types, methods, headers, extensions."""

import httpx
import orjson
import pytest

from tests.harness.over_http import NEW, OLD, TYPENAME, Post, get


@pytest.mark.parametrize(
    "content_type",
    [
        "application/jsonx", "text/plain", "application/graphql", "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x", "application/json; charset=utf-16", "application/graphql+json", "json", "",
    ],
)  # fmt: skip
async def test_other_types_of_bodies_are_refused(tiny: httpx.AsyncClient, content_type: str) -> None:
    headers = {"content-type": content_type}
    answer = await tiny.post("/graphql", content=orjson.dumps(TYPENAME), headers=headers)

    assert answer.status_code == 415
    assert answer.json()["errors"][0]["extensions"]["code"] == "BAD_REQUEST"


async def test_a_compressed_body_is_refused(tiny: httpx.AsyncClient) -> None:
    headers = {"content-type": OLD, "content-encoding": "gzip"}

    assert (await tiny.post("/graphql", content=b"\x1f\x8b", headers=headers)).status_code == 415


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE", "PROPFIND", "HEAD"])
async def test_other_methods_are_refused_and_the_right_ones_named(tiny: httpx.AsyncClient, method: str) -> None:
    answer = await tiny.request(method, "/graphql")

    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, POST, OPTIONS")
    assert method == "HEAD" or "errors" in answer.json()


async def test_options_names_the_methods(tiny: httpx.AsyncClient) -> None:
    answer = await tiny.options("/graphql")

    assert (answer.status_code, answer.headers["allow"], answer.content) == (204, "GET, POST, OPTIONS", b"")


@pytest.mark.parametrize("body", [TYPENAME, {"query": "{"}, 5])
async def test_every_answer_carries_the_guarding_headers(post: Post, body: object) -> None:
    headers = (await post(body)).headers

    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "private, no-store"
    assert {"Accept", "Accept-Language", "Authorization", "X-Shop-Key"} <= set(headers["vary"].split(", "))
    assert "set-cookie" not in headers
    assert "server" not in headers


async def test_a_request_id_is_echoed(post: Post) -> None:
    answer = await post({"query": "{"}, x_request_id="from-the-proxy_1.2")

    assert answer.headers["x-request-id"] == "from-the-proxy_1.2"
    assert answer.json()["errors"][0]["extensions"]["requestId"] == "from-the-proxy_1.2"


@pytest.mark.parametrize("given", ["", "a b", 'x"y', "a" * 65, "<script>"])
async def test_a_request_id_that_could_do_harm_is_replaced(post: Post, given: str) -> None:
    answer = await post(TYPENAME, x_request_id=given)

    assert answer.headers["x-request-id"] != given
    assert len(answer.headers["x-request-id"]) == 32


async def test_batches_are_refused(post: Post) -> None:
    answer = await post([TYPENAME, TYPENAME])

    assert answer.status_code == 400
    assert "Batch" in answer.json()["errors"][0]["message"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"query": "{ __typename }", "operationName": ""}, 400),
        ({"query": "query A { __typename } query B { __typename }", "operationName": "C"}, 400),
        ({"query": "query A { __typename } query B { __typename }", "operationName": "B"}, 200),
    ],
)
async def test_the_operation_is_never_guessed(post: Post, body: object, status: int) -> None:
    assert (await post(body)).status_code == status


async def test_an_empty_operation_name_in_a_url_is_absent(tiny: httpx.AsyncClient) -> None:
    answer = await get(tiny, query="{ __typename }", operationName="")

    assert answer.json()["data"] == {"__typename": "Query"}


@pytest.mark.parametrize(
    "query_string",
    ["", "query=", "query=%ff", "query={__typename}&query={__typename}", "query={__typename}&variables={",
     "query={__typename}&variables=[]", "query={__typename}&extensions=5", "&".join(f"a{i}=1" for i in range(50))],
)  # fmt: skip
async def test_ill_formed_urls_are_bad_requests(tiny: httpx.AsyncClient, query_string: str) -> None:
    answer = await tiny.get(f"/graphql?{query_string}", headers={"accept": NEW})

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["extensions"]["code"] in {"BAD_REQUEST", "GRAPHQL_PARSE_FAILED"}


async def test_a_persisted_query_is_said_to_be_unsupported(tiny: httpx.AsyncClient, post: Post) -> None:
    extensions = {"persistedQuery": {"version": 1, "sha256Hash": "0" * 64}}

    for answer in (
        await post({"extensions": extensions}),
        await get(tiny, NEW, extensions=orjson.dumps(extensions).decode()),
    ):
        assert answer.json()["errors"][0]["message"] == "PersistedQueryNotSupported"
        assert answer.json()["errors"][0]["extensions"]["code"] == "PERSISTED_QUERY_NOT_SUPPORTED"


# What stands beside the data.


async def test_every_answer_says_the_shops_time_and_the_cost(post: Post) -> None:
    extensions = (await post({"query": "{ pages(first: 10) { nodes { number } } }"})).json()["extensions"]

    assert extensions["now"].endswith("Z")
    assert extensions["cost"]["requestedQueryCost"] == 12
    # The page itself and three numbered pages came.
    assert extensions["cost"]["actualQueryCost"] == 5
    assert set(extensions["cost"]["throttleStatus"]) == {"maximumAvailable", "currentlyAvailable", "restoreRate"}


async def test_a_refusal_says_the_time_too(post: Post) -> None:
    assert (await post({"query": "{"})).json()["extensions"]["now"].endswith("Z")
    assert (await post(5)).json()["extensions"]["now"].endswith("Z")


async def test_without_a_key_nobody_is_served(tiny: httpx.AsyncClient) -> None:
    for accept in (NEW, OLD):
        answer = await tiny.post("/graphql", json=TYPENAME, headers={"x-shop-key": "", "accept": accept})

        assert answer.status_code == 401
        assert answer.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
