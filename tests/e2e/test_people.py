"""People, from the account's opt-in to the names in an export, through the API of the whole product."""

import uuid

import pytest

from model.contract import Analysis
from model.features import SAMPLE_RATE
from tests.e2e.product import ApiClient, Product, missing_tools
from tests.model.conversation import two_people
from tests.model.media_files import Sound, gray_frames, write

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.skipif(missing_tools() is not None, reason=str(missing_tools())),
]


@pytest.fixture(scope="module")
def conversation(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Two women who take turns, as a video."""
    audio, _ = two_people()
    path = tmp_path_factory.mktemp("people") / "conversation.mp4"
    return write(path, gray_frames(len(audio) / SAMPLE_RATE, rate=2.0), [Sound(audio)]).read_bytes()


@pytest.fixture
def user(product: Product) -> ApiClient:
    """Return a new user of the web app."""
    name, password = f"{uuid.uuid4().hex}@example.com", f"Pw-{uuid.uuid4().hex}-1"
    email = [{"Name": "email", "Value": name}]
    client_id = product.outputs["UserPoolClientId"]
    product.cognito("SignUp", {"ClientId": client_id, "Username": name, "Password": password, "UserAttributes": email})
    product.cognito("ConfirmSignUp", {"ClientId": client_id, "Username": name, "ConfirmationCode": "123456"})
    return product.client(product.sign_in(name, password), "/app")


def test_people_from_the_opt_in_to_names_in_an_export(product: Product, user: ApiClient, conversation: bytes) -> None:
    key = user.upload(conversation)
    asked = {"key": key, "people": True}
    assert user.request("POST", "/sentiment-inference", json=asked).json()["code"] == "people-not-confirmed"
    without = user.wait_for_analysis(user.start(key))
    assert Analysis.model_validate(without["analysis"]).people == []

    confirmed = user.request("PUT", "/account/people", json={"lawfulBasisConfirmed": True})
    assert confirmed.status_code == 200 and confirmed.json()["confirmedAt"]
    assert user.get("/audit-log")["events"][0]["event"] == "people-confirmed"
    made = user.wait_for_analysis(user.start(user.upload(conversation)))
    found = Analysis.model_validate(made["analysis"])
    assert [person.label for person in found.people] == ["Speaker 1", "Speaker 2"]
    assert [u.speaker for u in found.utterances if u.text][:2] == ["S1", "S2"]

    path = f"/analyses/{made['id']}"
    edits = {"names": {"S1": "Anna"}, "merged": {}}
    assert user.request("PUT", f"{path}/people", json=edits).json() == edits
    assert user.get(path)["peopleEdits"] == edits
    assert "<v Anna>" in user.request("GET", f"{path}?format=vtt").text
    assert product.developer.request("PUT", f"{path}/people", json=edits).status_code == 404
