// CloudFront Function on requests to /api/*: a token `vs_ID_SECRET`, sent as a bearer token or as an API key, becomes
// `x-api-key: ID` for the gateway and `Authorization: Bearer vs_ID_SECRET` for the Lambda. Without a token, x-api-key
// is removed, since an id alone is not a secret. tests/edge_vectors.json has examples of these rules.
var TOKEN = /^vs_([A-Za-z0-9]+)_[A-Za-z0-9_-]+$/;
var BEARER = /^bearer +(.+)$/i;

function valueOf(headers, name) {
    return headers[name] ? headers[name].value.trim() : "";
}

function handler(event) {
    var headers = event.request.headers;
    var bearer = BEARER.exec(valueOf(headers, "authorization"));
    var given = [bearer ? bearer[1].trim() : "", valueOf(headers, "x-api-key")];
    delete headers["x-api-key"];
    for (var i = 0; i < given.length; i++) {
        var token = TOKEN.exec(given[i]);
        if (token) {
            headers["x-api-key"] = { value: token[1] };
            headers["authorization"] = { value: "Bearer " + given[i] };
            break;
        }
    }
    return event.request;
}
