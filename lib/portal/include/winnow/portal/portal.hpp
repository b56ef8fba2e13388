// The web pages and the API of accounts and batch jobs, to be put beside a site's own pages.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "winnow/core/log.hpp"
#include "winnow/httpd/message.hpp"
#include "winnow/httpd/router.hpp"
#include "winnow/jobs/accounts.hpp"
#include "winnow/jobs/database.hpp"
#include "winnow/jobs/terms.hpp"
#include "winnow/storage/object_store.hpp"

namespace winnow::portal {

// Who says that somebody pays.
enum class PlanProvider {
  kManual,  // users themselves, on their account's page
  kStripe,  // Stripe, or who speaks its webhooks, at POST /webhooks/stripe
};

// A token bucket.
struct Rate {
  double per_minute = 1;
  std::size_t burst = 1;
};

struct PortalOptions {
  jobs::JobTerms terms;
  jobs::AccountTerms accounts;
  std::string public_url;      // "https://pets.example", whose forms are believed; empty: whatever Host says
  bool secure_cookies = true;  // false only where there is no TLS, on this machine
  PlanProvider provider = PlanProvider::kManual;
  std::string webhook_secret;   // of kStripe: "whsec_..."
  std::string subscribe_link;   // of kStripe: its page to pay on; ?client_reference_id=USER is added
  std::string manage_link;      // of kStripe: its page to cancel on
  std::filesystem::path spool;  // for uploads in the making; made if it is not there
  std::function<std::vector<std::string>()> models;  // to choose from, the first by default; empty: no choice
  unsigned threads = 4;
  std::size_t queue = 64;    // requests that wait for a thread; more are answered 503
  std::size_t uploads = 64;  // being received at once; more are answered 503
  std::chrono::milliseconds upload_time = std::chrono::minutes(30);  // in which an upload has to come
  Rate sign_ins_of_client{.per_minute = 10, .burst = 20};
  Rate sign_ins_of_account{.per_minute = 5, .burst = 10};
  Rate registrations_of_client{.per_minute = 1, .burst = 5};
};

// Nothing here blocks its caller: what asks the database or the store happens on threads of its own, a
// bounded number of requests at a time. Thread-safe. Outlives the server that calls it.
class Portal {
 public:
  // database and store outlive the portal. Throws Error{kIo} if there is no spool, Error{kUsage} for options
  // that make no sense.
  Portal(PortalOptions options, jobs::Database& database, storage::ObjectStore& store, Logger& log);
  ~Portal();
  Portal(const Portal&) = delete;
  Portal& operator=(const Portal&) = delete;

  void add_routes(httpd::Router& router);

  // Whether a path is the portal's. Those below are asked about its own paths only.
  [[nodiscard]] bool owns(std::string_view path) const;
  // By a request's head: whether another site's page has sent it, whether an upload says whose it is.
  [[nodiscard]] std::optional<httpd::Problem> check(const httpd::Request& request) const;
  // Every body goes into a sink: uploads to the spool, forms into a little memory.
  [[nodiscard]] std::shared_ptr<httpd::BodySink> sink(const httpd::Request& request);
  // What has been refused, as problem+json for programs and as a page for people: 413 offers an upgrade.
  [[nodiscard]] httpd::Response render(const httpd::Problem& problem, const httpd::Request& request) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace winnow::portal
