// CloudFront Function on requests for the web app: pages are folders, /dashboard/ is dashboard/index.html. A path
// without a file's extension that is no page is answered here: S3 would answer in XML, and an error page for the
// whole distribution would hide the API's own answers. The list of pages is written in when the stack is built.
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
        body: "<!doctype html><html lang=en><title>Not found</title><h1>There is no such page</h1><p><a href=/>Start</a>",
    };
}
