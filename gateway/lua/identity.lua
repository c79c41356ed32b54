-- softfactory/identity: drops every header that claims to know who is calling, and names the caller for the limits.
-- The token is not verified here: the jwt plugin runs later and refuses the request before it is counted.
local prefixes = {
  "x-consumer", "x-credential", "x-anonymous", "x-authenticated", "x-user", "x-internal", "x-auth-", "x-jwt", "x-role",
  "x-admin", "x-service-", "x-forwarded-user", "x-forwarded-email", "x-forwarded-groups", "x-remote-user",
  "remote-user", "x-ratelimit-subject",
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

local authorization = headers["authorization"]
if type(authorization) == "table" then
  return kong.response.exit(400, { message = "Send one Authorization header" })
end
local bearer = authorization and ngx.re.match(authorization, [[\s*[Bb]earer\s+(.+)]], "jo")
local claims = bearer and string.match(bearer[1], "^[^.]*%.([^.]+)%.")
if claims then
  claims = string.gsub(string.gsub(claims, "-", "+"), "_", "/")
  claims = claims .. string.sub("===", 1, (4 - #claims % 4) % 4)
  local json = ngx.decode_base64(claims)
  local subject = json and ngx.re.match(json, [["sub"\s*:\s*"([A-Za-z0-9._:@|-]{1,64})"]], "jo")
  if subject then
    kong.service.request.set_header("X-RateLimit-Subject", subject[1])
  end
end
