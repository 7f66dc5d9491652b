"""GraphQL over HTTP: the audits of the graphql-http suite under their numbers."""

import httpx
import orjson
import pytest

from tests.harness.over_http import NEW, OLD, TYPENAME, Post, get

WRONG_TYPES = [{"obj": "ect"}, 0, False, ["array"]]
NOT_MAPS = ["string", 0, False, ["array"]]


# Media types.


@pytest.mark.parametrize("accept", [NEW, OLD])  # 22EB, 4655
async def test_22eb_4655_answers_in_the_accepted_type(post: Post, accept: str) -> None:
    answer = await post(TYPENAME, accept)

    assert answer.status_code == 200
    assert answer.headers["content-type"] == f"{accept}; charset=utf-8"
    assert answer.json()["data"] == {"__typename": "Query"}


async def test_47de_anything_means_json(post: Post) -> None:
    answer = await post(TYPENAME, "*/*")

    assert (answer.status_code, answer.headers["content-type"]) == (200, f"{OLD}; charset=utf-8")


async def test_80d8_no_accept_means_json(tiny: httpx.AsyncClient) -> None:
    answer = await get(tiny, query="{ __typename }")

    assert (answer.status_code, answer.headers["content-type"]) == (200, f"{OLD}; charset=utf-8")


async def test_82a3_answers_are_utf8(post: Post) -> None:
    answer = await post({"query": '{ hello(name: "小铺 🧵") }'})

    assert orjson.loads(answer.content.decode("utf-8"))["data"] == {"hello": "Hello 小铺 🧵"}


@pytest.mark.parametrize(
    "content_type", ["application/json; charset=utf-8", "application/json", 'Application/JSON;charset="UTF-8"']
)
async def test_bf61_78d5_bodies_are_utf8(tiny: httpx.AsyncClient, content_type: str) -> None:
    body = orjson.dumps({"query": '{ hello(name: "小铺") }'})
    answer = await tiny.post("/graphql", content=body, headers={"content-type": content_type})

    assert answer.json()["data"] == {"hello": "Hello 小铺"}


# Methods.


async def test_2c94_03d4_post_is_served(tiny: httpx.AsyncClient) -> None:
    answer = await tiny.post("/graphql", content=orjson.dumps(TYPENAME), headers={"content-type": OLD})

    assert answer.status_code == 200


async def test_5a70_get_is_served(tiny: httpx.AsyncClient) -> None:
    answer = await get(tiny, query="query A($a: Int!) { add(a: $a, b: 1) }", variables='{"a": 2}', operationName="A")

    assert answer.json()["data"] == {"add": 3}


@pytest.mark.parametrize("accept", [NEW, OLD])
async def test_9c48_a_mutation_by_get_is_refused_and_not_run(tiny: httpx.AsyncClient, accept: str) -> None:
    answer = await get(tiny, accept, query='mutation { shout(text: "a") }')

    assert (answer.status_code, answer.headers["allow"]) == (405, "POST, OPTIONS")
    assert "data" not in answer.json()


async def test_a_query_beside_a_mutation_may_be_got(tiny: httpx.AsyncClient) -> None:
    text = 'query Q { __typename } mutation M { shout(text: "a") }'

    assert (await get(tiny, query=text, operationName="Q")).status_code == 200
    assert (await get(tiny, query=text, operationName="M")).status_code == 405


async def test_9abe_a_post_without_content_type_is_refused(tiny: httpx.AsyncClient) -> None:
    answer = await tiny.post("/graphql", content=orjson.dumps(TYPENAME))

    assert answer.status_code == 415


async def test_a5bf_a_post_without_body_is_refused(tiny: httpx.AsyncClient) -> None:
    answer = await tiny.post("/graphql", headers={"content-type": OLD})

    assert answer.status_code == 400


# Parameters.


@pytest.mark.parametrize("accept", [NEW, OLD])
async def test_423l_query_is_needed(post: Post, accept: str) -> None:
    assert (await post({"notquery": "{ __typename }"}, accept)).status_code == 400


@pytest.mark.parametrize("accept", [NEW, OLD])
@pytest.mark.parametrize("value", WRONG_TYPES)
async def test_lkj_query_is_a_string(post: Post, value: object, accept: str) -> None:
    assert (await post({"query": value}, accept)).status_code == 400


@pytest.mark.parametrize("accept", [NEW, OLD])
async def test_34a2_13ee_a_string_query_is_taken(post: Post, accept: str) -> None:
    answer = await post(TYPENAME, accept)

    assert answer.status_code == 200
    assert "errors" not in answer.json()


@pytest.mark.parametrize("accept", [NEW, OLD])
@pytest.mark.parametrize("value", WRONG_TYPES)
async def test_6c00_operation_name_is_a_string(post: Post, value: object, accept: str) -> None:
    assert (await post({"query": "{ __typename }", "operationName": value}, accept)).status_code == 400


@pytest.mark.parametrize("accept", [NEW, OLD])
async def test_8161_b8b3_a_string_operation_name_is_taken(post: Post, accept: str) -> None:
    answer = await post({"query": "query Query { __typename }", "operationName": "Query"}, accept)

    assert answer.status_code == 200
    assert "errors" not in answer.json()


@pytest.mark.parametrize("accept", [NEW, OLD])
@pytest.mark.parametrize("name", ["variables", "operationName", "extensions"])
async def test_94b_022_null_is_as_good_as_absent(post: Post, name: str, accept: str) -> None:
    answer = await post({"query": "{ __typename }", name: None}, accept)

    assert answer.status_code == 200
    assert "errors" not in answer.json()


@pytest.mark.parametrize("accept", [NEW, OLD])
@pytest.mark.parametrize("value", NOT_MAPS)
@pytest.mark.parametrize("name", ["variables", "extensions"])
async def test_476_58b_variables_and_extensions_are_maps(post: Post, name: str, value: object, accept: str) -> None:
    assert (await post({"query": "{ __typename }", name: value}, accept)).status_code == 400


@pytest.mark.parametrize("accept", [NEW, OLD])
async def test_2ea1_28b9_maps_of_variables_are_taken(post: Post, accept: str) -> None:
    answer = await post({"query": "query T($name: String!) { hello(name: $name) }", "variables": {"name": "x"}}, accept)

    assert answer.json()["data"] == {"hello": "Hello x"}


@pytest.mark.parametrize("accept", [NEW, OLD])
async def test_d6d5_6a70_variables_in_a_url_are_json(tiny: httpx.AsyncClient, accept: str) -> None:
    answer = await get(tiny, accept, query="query T($n: String!) { hello(name: $n) }", variables='{"n": "x"}')

    assert (answer.status_code, answer.json()["data"]) == (200, {"hello": "Hello x"})


@pytest.mark.parametrize("accept", [NEW, OLD])
async def test_428f_1b7a_maps_of_extensions_are_taken(post: Post, accept: str) -> None:
    answer = await post({"query": "{ __typename }", "extensions": {"some": "value"}}, accept)

    assert answer.status_code == 200
    assert "errors" not in answer.json()


# Errors, by media type.


@pytest.mark.parametrize("accept", [NEW, OLD])
async def test_b6dc_bcf8_what_is_not_json_is_a_bad_request(tiny: httpx.AsyncClient, accept: str) -> None:
    headers = {"content-type": OLD, "accept": accept}

    assert (await tiny.post("/graphql", content=b'{"query', headers=headers)).status_code == 400


@pytest.mark.parametrize("accept", [NEW, OLD])
async def test_8764_3e3a_a_misspelt_parameter_is_a_bad_request(post: Post, accept: str) -> None:
    assert (await post({"qeury": "{ __typename }"}, accept)).status_code == 400


WRONG_CONTENT = {
    "GRAPHQL_PARSE_FAILED": {"query": "{"},
    "GRAPHQL_VALIDATION_FAILED": {"query": "{ 8f31403dfe404bccbb0e835f2629c6a7 }".replace("8f", "_8f")},
    "BAD_USER_INPUT": {"query": "query C($id: Int!) { add(a: $id, b: 1) }", "variables": {"id": "x"}},
    "OPERATION_RESOLUTION_FAILURE": {"query": "query A { __typename } query B { __typename }"},
    "FORBIDDEN": {"query": "query ForStaff { __typename }"},
    "MAX_COST_EXCEEDED": {"query": "{" + "pages(first: 100) { nodes { number } } " * 12 + "}"},
}


@pytest.mark.parametrize("code", WRONG_CONTENT)
async def test_572b_fde2_7b9b_wrong_content_is_200_for_plain_json(post: Post, code: str) -> None:
    answer = await post(WRONG_CONTENT[code], OLD)

    assert answer.status_code == 200
    assert "data" not in answer.json()
    assert answer.json()["errors"][0]["extensions"]["code"] == code


@pytest.mark.parametrize("code", WRONG_CONTENT)
async def test_865d_556a_51fe_74ff_86ee_wrong_content_is_400_otherwise(post: Post, code: str) -> None:
    answer = await post(WRONG_CONTENT[code])

    assert answer.status_code == (403 if code == "FORBIDDEN" else 400)


@pytest.mark.parametrize("code", WRONG_CONTENT)
async def test_d586_5e5b_a_refused_request_has_no_data_entry(post: Post, code: str) -> None:
    body = (await post(WRONG_CONTENT[code])).json()

    assert set(body) == {"errors", "extensions"}
    assert {error["extensions"]["code"] for error in body["errors"]} == {code}


@pytest.mark.parametrize("accept", [NEW, OLD])
@pytest.mark.parametrize(("query", "data"), [("{ broken }", {"broken": None}), ("{ brokenHard }", None)])
async def test_an_error_of_a_field_stands_beside_data(post: Post, query: str, data: object, accept: str) -> None:
    answer = await post({"query": query}, accept)

    assert answer.status_code == 200
    assert answer.json()["data"] == data
    assert len(answer.json()["errors"]) == 1


# Accept.


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        (f"{NEW}, {OLD}", NEW),
        (f"{OLD}, {NEW}", OLD),
        (f"{OLD};q=0.5, {NEW};q=0.9", NEW),
        (f"{NEW};q=0.1, */*", OLD),
        (f"{NEW}; charset=utf-8, {OLD}; charset=utf-8", NEW),
        (f"text/html, {NEW}", NEW),
        ("application/*", OLD),
        ("text/html, application/xhtml+xml, */*;q=0.8", OLD),
        (f"{OLD};q=0, */*;q=0.1, {NEW};q=0.1", NEW),
        ("", OLD),
        (f"{NEW.upper()} ; Q=1", NEW),
        ("application/json, text/plain, */*", OLD),
    ],
)
async def test_the_best_liked_type_wins(post: Post, accept: str, content_type: str) -> None:
    answer = await post(TYPENAME, accept)

    assert (answer.status_code, answer.headers["content-type"]) == (200, f"{content_type}; charset=utf-8")


@pytest.mark.parametrize(
    "accept", ["text/html", "application/xml, image/*", f"{OLD};q=0", f"{NEW}; charset=utf-16", "?"]
)
async def test_whoever_accepts_nothing_of_ours_is_told_so_in_json(post: Post, accept: str) -> None:
    answer = await post(TYPENAME, accept)

    assert (answer.status_code, answer.headers["content-type"]) == (406, f"{OLD}; charset=utf-8")
    assert answer.json()["errors"][0]["extensions"]["code"] == "BAD_REQUEST"
