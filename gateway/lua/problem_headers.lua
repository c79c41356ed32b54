-- softfactory/problem-headers: an error that the gateway itself answers is problem+json, like the services' errors.
if kong.response.get_source() ~= "service" and kong.response.get_status() >= 400 then
  kong.response.set_header("Content-Type", "application/problem+json")
  kong.response.clear_header("Content-Length")
  kong.response.clear_header("Content-Encoding")
end
