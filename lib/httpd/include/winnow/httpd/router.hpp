#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "winnow/httpd/message.hpp"
#include "winnow/httpd/responder.hpp"

namespace winnow::httpd {

// Finds the handler of a method and path. HEAD is answered by the handler of GET, OPTIONS with what is
// allowed. Fill it first; after that it may be used from several threads.
class Router {
 public:
  using Handler = std::function<void(Request, Responder)>;

  // path: exact, as in Request::path.
  void add(const std::string& method, const std::string& path, Handler handler);
  // For every method and all paths that begin so ("/v2/") and are not added otherwise: the handler finds its
  // own faults. The longest prefix counts.
  void add_below(const std::string& prefix, Handler handler);

  // The path or prefix as it was added, for metrics; nothing for an unknown path.
  [[nodiscard]] std::optional<std::string_view> route_of(std::string_view path) const;

  // 404 for an unknown path, 405 with Allow for a method the path does not know.
  [[nodiscard]] std::optional<Problem> find_fault(const Request& request) const;

  // Answers what find_fault() complains about with problem_response().
  void handle(Request request, Responder respond) const;

 private:
  using Prefix = std::pair<std::string, Handler>;
  [[nodiscard]] const Prefix* find_prefix(std::string_view path) const;

  std::map<std::string, std::map<std::string, Handler>, std::less<>> routes_;  // by path, then method
  std::vector<Prefix> prefixes_;
};

}  // namespace winnow::httpd
