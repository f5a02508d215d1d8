"""Allow list of the Cognito calls that the web app makes; the origin forwards no others.

The emulator accepts more from any caller than AWS does (administrators' calls, sign-in with a plain password), so the
allowed calls are listed here.
"""

import json
from collections.abc import Mapping

SERVICE = "AWSCognitoIdentityProviderService."  # prefix of each call to Cognito's user pools
SECOND_FACTOR = "SOFTWARE_TOKEN_MFA"
CONTENT_TYPE = "application/x-amz-json-1.1"
OPERATIONS = frozenset(
    {
        *("SignUp", "ConfirmSignUp", "ResendConfirmationCode", "ForgotPassword", "ConfirmForgotPassword"),
        *("InitiateAuth", "RespondToAuthChallenge", "GetTokensFromRefreshToken", "RevokeToken"),
        *("GetUser", "AssociateSoftwareToken", "VerifySoftwareToken", "SetUserMFAPreference"),
    }
)
# Required parameters by operation, with their allowed values.
VALUES: Mapping[str, tuple[str, frozenset[str]]] = {
    "InitiateAuth": ("AuthFlow", frozenset({"USER_SRP_AUTH"})),  # the password is never sent
    "RespondToAuthChallenge": ("ChallengeName", frozenset({"PASSWORD_VERIFIER", SECOND_FACTOR})),
}


class CallRefusedError(Exception):
    """The call is not forwarded; the message gives the reason."""


def checked_call(target: str, body: bytes, client_id: str) -> tuple[dict[str, str], bytes]:
    """Check a call and return the headers and body to forward to Cognito.

    The body is parsed and serialized again, so that two parsers cannot read it differently.

    `target`: the header x-amz-target; `client_id`: the web app's, the only one that may be named.
    Raises CallRefusedError.
    """
    operation = target.removeprefix(SERVICE)
    if not target.startswith(SERVICE) or operation not in OPERATIONS:
        raise CallRefusedError("only the Cognito calls that the web app makes are allowed")
    try:
        parameters = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise CallRefusedError("the body is not JSON") from error
    if not isinstance(parameters, dict):
        raise CallRefusedError("the body is not a JSON object")
    if parameters.get("ClientId", client_id) != client_id:
        raise CallRefusedError("ClientId is not the web app's")
    name, allowed = VALUES.get(operation, ("", frozenset()))
    if name and not (isinstance(parameters.get(name), str) and parameters[name] in allowed):
        raise CallRefusedError(f"{name} of {operation} must be one of {', '.join(sorted(allowed))}")
    if parameters.get("ChallengeName") == SECOND_FACTOR and not parameters.get("Session"):
        raise CallRefusedError("a second factor requires the Session of a sign-in by password")
    return {"content-type": CONTENT_TYPE, "x-amz-target": target}, json.dumps(parameters).encode()
