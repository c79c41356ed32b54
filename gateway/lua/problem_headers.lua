-- softfactory/problem-headers: an error that the gateway itself answers is problem+json, like the services' errors.
local retry_after = { [503] = "1" }
local status = kong.response.get_status()
if kong.response.get_source() ~= "service" and status >= 400 then
  kong.response.set_header("Content-Type", "application/problem+json")
  kong.response.clear_header("Content-Length")
  kong.response.clear_header("Content-Encoding")
  if retry_after[status] then
    kong.response.set_header("Retry-After", retry_after[status])
  end
end
