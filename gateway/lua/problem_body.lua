-- softfactory/problem-body: clients show the top-level "error" of every failed answer, so the gateway's carry one too.
local status = kong.response.get_status()
if status < 400 or kong.response.get_source() == "service" or not kong.response.get_raw_body() then
  return
end
local problems = {
  [400] = { "bad_request", "Bad Request", "The request cannot be understood." },
  [401] = { "unauthenticated", "Unauthorized", "Log in: a valid access token is needed." },
  [403] = { "forbidden", "Forbidden", "This is not allowed." },
  [404] = { "not_found", "Not Found", "There is nothing at this address." },
  [405] = { "method_not_allowed", "Method Not Allowed", "This method is not allowed here." },
  [408] = { "request_timeout", "Request Timeout", "The request took too long to arrive." },
  [411] = { "length_required", "Length Required", "The request needs a Content-Length." },
  [412] = { "precondition_failed", "Precondition Failed", "What the request demands does not hold." },
  [413] = { "payload_too_large", "Content Too Large", "The request body is larger than 1 MB." },
  [414] = { "uri_too_long", "URI Too Long", "The address is too long." },
  [417] = { "expectation_failed", "Expectation Failed", "The request body is larger than 1 MB." },
  [421] = { "misdirected_request", "Misdirected Request", "This host is not served on this connection." },
  [426] = { "upgrade_required", "Upgrade Required", "Another protocol is needed here." },
  [429] = { "too_many_requests", "Too Many Requests", "Too many requests: wait a moment and try again." },
  [431] = { "headers_too_large", "Request Header Fields Too Large", "The request headers are too large." },
  [500] = { "internal_error", "Internal Server Error", "Something went wrong on our side." },
  [501] = { "not_implemented", "Not Implemented", "The gateway cannot do what the request asks for." },
  [502] = { "upstream_failed", "Bad Gateway", "The service gave no usable answer." },
  [503] = { "unavailable", "Service Unavailable", "The service is not available: try again in a moment." },
  [504] = { "deadline_exceeded", "Gateway Timeout", "The service took too long to answer." },
  [505] = { "http_version_not_supported", "HTTP Version Not Supported", "Use HTTP/1.1 or HTTP/2." },
}
local problem = problems[status] or (status < 500 and problems[400]) or problems[500]
-- The id as it stands in the header: where no route was found, it is whatever the client sent.
local request_id = string.gsub(kong.response.get_header("X-Request-ID") or "", '[%c"\\\127-\255]', function(sign)
  return string.format("\\u%04x", string.byte(sign))
end)
-- Known once the opentelemetry plugin has set it; what a client sent is gone. Envoy, in its own answers, never knows it.
local trace_id = string.match(tostring(ngx.req.get_headers(0)["traceparent"]), "^00%-(%x+)%-")
trace_id = trace_id and '","trace_id":"' .. trace_id or ""
local template = '{"type":"about:blank","title":"%s","status":%d,"code":"%s","detail":"%s","error":"%s","message":"%s",'
kong.response.set_raw_body(string.format(template, problem[2], status, problem[1], problem[3], problem[3], problem[3])
  .. '"request_id":"' .. request_id .. trace_id .. '"}')
