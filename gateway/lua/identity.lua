-- softfactory/identity: drops every header that claims to know who is calling, and names the caller for the limits.
-- The token is not verified here: the jwt plugin runs later and refuses the request before it is counted.
local prefixes = {
  "x-consumer", "x-credential", "x-anonymous", "x-authenticated", "x-user", "x-internal", "x-auth-", "x-jwt", "x-role",
  "x-admin", "x-service-", "x-forwarded-user", "x-forwarded-email", "x-forwarded-groups", "x-remote-user",
  "remote-user", "x-ratelimit-subject",
  -- a trace begins here: with one of a client's, anybody could have every request of theirs recorded
  "traceparent", "tracestate", "baggage", "b3", "x-b3-", "x-client-trace-id",
}
local headers = ngx.req.get_headers(0)
for name in pairs(headers) do
  local dashed = string.gsub(string.lower(name), "_", "-")
  for _, prefix in ipairs(prefixes) do
    if string.sub(dashed, 1, #prefix) == prefix then
      kong.service.request.clear_header(name)
      break
    end
  end
end

-- An id that the services would not take is none: correlation-id, which runs next, makes one that everybody uses.
local id = headers["x-request-id"]
if id and (type(id) == "table" or not ngx.re.find(id, [[^[A-Za-z0-9._:-]{1,128}$]], "jo")) then
  kong.service.request.clear_header("X-Request-ID")
end

local authorization = headers["authorization"]
if type(authorization) == "table" or (authorization and string.find(authorization, ",", 1, true)) then
  return kong.response.exit(400, { message = "Send one Authorization header" })
end

-- The JSON of one part of a token, or nil unless it is an object whose names are spelled out.
local function object(part)
  local padded = string.gsub(string.gsub(part, "-", "+"), "_", "/") .. string.sub("===", 1, (4 - #part % 4) % 4)
  local json = ngx.decode_base64(padded)
  if json and string.find(json, "^%s*{") and not string.find(json, "\\u00", 1, true) then
    return json
  end
end

local bearer = authorization and ngx.re.match(authorization, [[\s*[Bb]earer\s+(.+)]], "jo")
if bearer then
  local head, claims = string.match(bearer[1], "^([^.]+)%.([^.]+)%.")
  head, claims = head and object(head), claims and object(claims)
  -- One kid, in the head, and a plain one: the jwt plugin looks for a number, a list or null as it does for a name, and
  -- the request ends with 500. It looks in the claims first.
  local _, last = string.find(head or "", '"kid"%s*:%s*"[%w._-]+"%s*[,}]')
  local plain = last and select(2, string.gsub(head, '"kid"', "")) == 1
  if not plain or not claims or string.find(claims, '"kid"', 1, true) then
    kong.service.request.clear_header("Authorization")
    return
  end
  local subject = ngx.re.match(claims, [["sub"\s*:\s*"([A-Za-z0-9._:@|-]{1,64})"]], "jo")
  if subject then
    kong.service.request.set_header("X-RateLimit-Subject", subject[1])
  end
end
