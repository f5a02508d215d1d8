"""Sign-in to a Cognito user pool without sending the password (SRP-6a), as the web app does it.

The protocol is that of RFC 5054 with Cognito's own key derivation: HKDF-SHA256 with the info "Caldera Derived Key",
whose first 16 bytes sign pool, user, the server's secret block and the time.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

# RFC 3526, group 15: a safe prime of 3072 bits.
N = int(
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DDEF9519B3CD3A431B"
    "302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7EDEE386BFB5A899FA5AE9F24117C4B1FE6"
    "49286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F83655D23DCA3AD961C62F356208552BB9ED529077096966D"
    "670C354E4ABC9804F1746C08CA18217C32905E462E36CE3BE39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF695581718"
    "3995497CEA956AE515D2261898FA051015728E5A8AAAC42DAD33170D04507A33A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7D"
    "B3970F85A6E1E4C7ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864D87602733EC86A64521F2B18177B200C"
    "BBE117577A615D6C770988C0BAD946E208E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF",
    16,
)
G = 2
INFO = b"Caldera Derived Key"
Call = Callable[[str, dict[str, Any]], dict[str, Any]]


def sign_in(call: Call, pool: str, client: str, name: str, password: str) -> dict[str, str]:
    """Sign a user in; return the tokens IdToken, AccessToken and RefreshToken.

    `call` takes the name of a Cognito operation and its parameters, and returns the response.
    """
    private = secrets.randbits(256)
    public = pow(G, private, N)
    initiated = call(
        "InitiateAuth",
        {
            "AuthFlow": "USER_SRP_AUTH",
            "ClientId": client,
            "AuthParameters": {"USERNAME": name, "SRP_A": f"{public:x}"},
        },
    )
    challenge = initiated["ChallengeParameters"]
    user = challenge["USER_ID_FOR_SRP"]
    short_pool = pool.partition("_")[2]
    server, salt = int(challenge["SRP_B"], 16), int(challenge["SALT"], 16)
    key = _key(private, public, server, salt, f"{short_pool}{user}:{password}")
    now = datetime.now(UTC)
    time = f"{now:%a %b} {now.day} {now:%H:%M:%S UTC %Y}"
    signed = short_pool.encode() + user.encode() + base64.b64decode(challenge["SECRET_BLOCK"]) + time.encode()
    response = call(
        "RespondToAuthChallenge",
        {
            "ChallengeName": "PASSWORD_VERIFIER",
            "ClientId": client,
            "ChallengeResponses": {
                "USERNAME": user,
                "PASSWORD_CLAIM_SECRET_BLOCK": challenge["SECRET_BLOCK"],
                "PASSWORD_CLAIM_SIGNATURE": base64.b64encode(hmac.digest(key, signed, "sha256")).decode(),
                "TIMESTAMP": time,
            },
        },
    )
    tokens: dict[str, str] = response["AuthenticationResult"]
    return tokens


def _key(private: int, public: int, server: int, salt: int, identity: str) -> bytes:
    """Return the 16-byte key that client and server derive."""
    k = _hash_of(_padded(N) + _padded(G))
    u = _hash_of(_padded(public) + _padded(server))
    x = _hash_of(_padded(salt) + hashlib.sha256(identity.encode()).digest())
    shared = pow(server - k * pow(G, x, N), private + u * x, N)
    extracted = hmac.digest(_padded(u), _padded(shared), "sha256")
    return hmac.digest(extracted, INFO + b"\x01", "sha256")[:16]


def _hash_of(data: bytes) -> int:
    return int.from_bytes(hashlib.sha256(data).digest())


def _padded(number: int) -> bytes:
    """Encode a number big-endian and non-negative (two's complement), as Cognito's own client does."""
    return number.to_bytes(number.bit_length() // 8 + 1)
