#include "winnow/httpd/router.hpp"

#include <set>

namespace winnow::httpd {
namespace {

template <class Methods>
std::string allowed(const Methods& methods) {
  std::set<std::string> names = {"OPTIONS"};
  for (const auto& [method, handler] : methods) {
    names.insert(method);
    if (method == "GET") names.insert("HEAD");
  }
  std::string list;
  for (const std::string& name : names) list += (list.empty() ? "" : ", ") + name;
  return list;
}

}  // namespace

void Router::add(const std::string& method, const std::string& path, Handler handler) {
  routes_[path][method] = std::move(handler);
}

void Router::add_below(const std::string& prefix, Handler handler) {
  prefixes_.emplace_back(prefix, std::move(handler));
}

const Router::Prefix* Router::find_prefix(std::string_view path) const {
  const Prefix* longest = nullptr;
  for (const Prefix& prefix : prefixes_) {
    if (path.starts_with(prefix.first) &&
        (longest == nullptr || prefix.first.size() > longest->first.size())) {
      longest = &prefix;
    }
  }
  return longest;
}

std::optional<std::string_view> Router::route_of(std::string_view path) const {
  if (const auto route = routes_.find(path); route != routes_.end()) return route->first;
  if (const Prefix* prefix = find_prefix(path)) return prefix->first;
  return std::nullopt;
}

std::optional<Problem> Router::find_fault(const Request& request) const {
  if (request.method == "OPTIONS" && request.path == "*") return std::nullopt;
  const auto route = routes_.find(request.path);
  if (route == routes_.end() && find_prefix(request.path) != nullptr) return std::nullopt;
  if (route == routes_.end())
    return Problem{404, "not-found", "There is nothing at " + request.path + ".", {}};
  const bool known = request.method == "OPTIONS" || route->second.contains(request.method) ||
                     (request.method == "HEAD" && route->second.contains("GET"));
  if (known) return std::nullopt;
  const std::string allow = allowed(route->second);
  return Problem{405,
                 "method-not-allowed",
                 request.path + " does not understand " + request.method + "; use one of " + allow + ".",
                 {{"Allow", allow}}};
}

void Router::handle(Request request, Responder respond) const {
  if (const std::optional<Problem> fault = find_fault(request)) return respond(problem_response(*fault));
  if (request.path == "*") return respond({204, {}, ""});
  const auto route = routes_.find(request.path);
  if (route == routes_.end())
    return find_prefix(request.path)->second(std::move(request), std::move(respond));
  const auto& methods = route->second;
  auto handler = methods.find(request.method);
  if (handler == methods.end() && request.method == "HEAD") handler = methods.find("GET");
  if (handler == methods.end()) return respond({204, {{"Allow", allowed(methods)}}, ""});
  handler->second(std::move(request), std::move(respond));
}

}  // namespace winnow::httpd
