// CloudFront Function on requests for the web app. Pages are folders: /dashboard/ is dashboard/index.html. It answers
// paths without a file extension that are not pages with 404, since S3 would answer in XML, and an error page for the
// whole distribution would hide the API's own errors. The list of pages is inserted when the stack is synthesized.
var PAGES = /* PAGES */ [];

function handler(event) {
    var request = event.request;
    var name = request.uri.split("/").pop();
    if (name.indexOf(".") >= 0) {
        return request;
    }
    var page = name === "" ? request.uri : request.uri + "/";
    if (PAGES.indexOf(page) >= 0) {
        request.uri = page + "index.html";
        return request;
    }
    return {
        statusCode: 404,
        statusDescription: "Not Found",
        headers: { "content-type": { value: "text/html; charset=utf-8" }, "cache-control": { value: "no-cache" } },
        body: "<!doctype html><html lang=en><title>Not found</title><h1>Page not found</h1><p><a href=/>Go to home page</a>",
    };
}
