#include "winnow/portal/portal.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <utility>

#include "account_pages.hpp"
#include "assets.hpp"
#include "desk.hpp"
#include "job_api.hpp"
#include "job_pages.hpp"
#include "layout.hpp"
#include "sinks.hpp"
#include "upload.hpp"
#include "webhook_endpoint.hpp"
#include "winnow/jobs/token.hpp"
#include "work_pool.hpp"

namespace winnow::portal {
namespace {

using httpd::Problem;
using httpd::Request;
using httpd::Responder;
using httpd::Response;

constexpr std::uint64_t kMostFormBytes = 64 << 10;
constexpr std::uint64_t kMostWebhookBytes = 1 << 20;

constexpr std::string_view kApiRoot = "/api/v1/";
constexpr const char* kCsrfHeader = "X-Csrf-Token";

constexpr std::array<std::string_view, 8> kRoots = {"/register", "/sign-in", "/sign-out", "/confirm",
                                                    "/account",  "/jobs",    "/upgrade",  "/webhooks"};

bool is_upload(const Request& request) {
  return request.method == "POST" && (request.path == "/jobs" || request.path == "/api/v1/jobs");
}

std::uint64_t claimed_bytes(const Request& request) {
  std::uint64_t bytes = 0;
  const std::string_view text = request.headers.find("Content-Length").value_or("");
  std::from_chars(text.data(), text.data() + text.size(), bytes);
  return bytes;
}

}  // namespace

struct Portal::Impl {
  Impl(PortalOptions options, jobs::Database& database, storage::ObjectStore& store, Logger& log)
      : desk(std::move(options), database, store, log), pool(desk.options.threads, desk.options.queue) {}

  void add(httpd::Router& router, const char* method, const std::string& path, Handler handler);
  void run(Request request, Responder respond, const Handler& handler);
  Response answer(Visit& visit, const Handler& handler);
  std::optional<Problem> check(const Request& request) const;
  std::shared_ptr<httpd::BodySink> upload_sink(const Request& request);
  Response render(const Problem& problem, const Request& request) const;
  void log_error(const Request& request, const std::exception& error) const {
    desk.log.error("{} {}, request {}: {}", request.method, request.path, request.id, error.what());
  }
  [[nodiscard]] std::string session_of(const Request& request) const {
    return portal::session_of(request, desk.options.secure_cookies);
  }

  Desk desk;
  std::atomic<std::size_t> uploads = 0;  // being received
  WorkPool pool;                         // last, so that it ends first
};

void Portal::Impl::add(httpd::Router& router, const char* method, const std::string& path, Handler handler) {
  auto run_it = [this, handler = std::move(handler)](Request request, Responder respond) {
    run(std::move(request), std::move(respond), handler);
  };
  if (path.ends_with('/')) {
    router.add_below(path, std::move(run_it));
  } else {
    router.add(method, path, std::move(run_it));
  }
}

// handler lives as long as the router, and so may be gone when its turn comes: it is copied.
void Portal::Impl::run(Request request, Responder respond, const Handler& handler) {
  struct Turn {
    Turn(Request its_request, Responder its_respond, Handler its_handler)
        : respond(std::move(its_respond)), handler(std::move(its_handler)) {
      visit.request = std::move(its_request);
    }
    Visit visit;
    Responder respond;
    Handler handler;
  };
  const auto turn = std::make_shared<Turn>(std::move(request), std::move(respond), handler);
  const bool taken = pool.try_run([this, turn] {
    if (!turn->respond.wanted()) return;
    Response response;
    try {
      response = answer(turn->visit, turn->handler);
    } catch (const Refusal& refusal) {
      response = render(refusal.problem, turn->visit.request);
    } catch (const Error& error) {
      log_error(turn->visit.request, error);
      response = render(unavailable(), turn->visit.request);
    } catch (const std::exception& error) {
      log_error(turn->visit.request, error);
      return;  // the responder answers 500
    }
    turn->visit.request.sink.reset();
    turn->respond(std::move(response));
  });
  if (!taken) turn->respond(render(busy(), turn->visit.request));
}

Response Portal::Impl::answer(Visit& visit, const Handler& handler) {
  Request& request = visit.request;
  visit.session = session_of(request);
  visit.by_token = bearer_of(request).has_value();
  visit.user = desk.find_user(request, visit.session);
  if (is_api(request.path)) return handler(desk, visit);
  // The tokens of forms need a cookie to belong to.
  visit.fresh = visit.session.empty();
  if (visit.fresh) visit.session = jobs::make_token(jobs::TokenKind::kSession).text;
  if (!visit.user && !is_unsafe(request.method) &&
      (request.path.starts_with("/jobs") || request.path.starts_with("/account"))) {
    return see_other("/sign-in?to=" + safe_target(request.path));
  }
  Response response = handler(desk, visit);
  if (visit.fresh && !is_unsafe(request.method)) {
    response.headers.add(
        "Set-Cookie", cookie_of(visit.session, desk.options.secure_cookies, desk.options.accounts.lifetime));
  }
  return response;
}

std::optional<Problem> Portal::Impl::check(const Request& request) const {
  if (!is_unsafe(request.method) || request.path == kWebhookPath) return std::nullopt;
  const bool by_token = bearer_of(request).has_value();
  if (!by_token && is_foreign(request, desk.options.public_url)) return cross_site();
  const std::string session = session_of(request);
  if (is_api(request.path) && !by_token && !session.empty()) {
    const auto token = request.headers.find(kCsrfHeader);
    if (!token || !jobs::csrf_token_matches(session, *token)) return wrong_form();
  }
  if (is_upload(request) && !by_token && session.empty()) return sign_in_required();
  return std::nullopt;
}

// Whose the upload is takes a look into the database, which happens while it comes in.
std::shared_ptr<httpd::BodySink> Portal::Impl::upload_sink(const Request& request) {
  const jobs::JobTerms& terms = desk.options.terms;
  const bool multipart = is_multipart(request);
  const auto with_overhead = [multipart](std::uint64_t limit) {
    return limit + (multipart ? form_overhead(limit) : 0);
  };
  const std::uint64_t most = with_overhead(std::max(terms.premium_upload_bytes, terms.free_upload_bytes));
  const auto describe = [this, with_overhead](std::uint64_t limit) {
    const jobs::JobTerms& known = desk.options.terms;
    const bool free = limit == with_overhead(known.free_upload_bytes);
    return too_large(free ? known.free_upload_bytes : known.premium_upload_bytes, known);
  };
  const bool full = ++uploads > desk.options.uploads;
  std::unique_ptr<SpoolFile> file;
  try {
    file = desk.spool.create();
  } catch (...) {
    --uploads;
    throw;
  }
  const auto sink = std::make_shared<UploadSink>(std::move(file), most, claimed_bytes(request),
                                                 desk.options.upload_time, describe, uploads);
  const auto head = std::make_shared<Request>();
  head->method = request.method;
  head->path = request.path;
  head->headers = request.headers;
  head->id = request.id;
  const bool taken = !full && pool.try_run([this, sink, head, with_overhead] {
    try {
      const auto user = desk.find_user(*head, session_of(*head));
      if (auto objection = desk.upload_objection(user)) return sink->refuse(std::move(*objection));
      sink->allow(with_overhead(desk.upload_limit(*user)));
    } catch (const std::exception& error) {
      log_error(*head, error);
      sink->refuse(unavailable());
    }
  });
  if (!taken) sink->refuse(busy());
  return sink;
}

Response Portal::Impl::render(const Problem& problem, const Request& request) const {
  if (!wants_page(request)) return httpd::problem_response(problem);
  const std::string session = session_of(request);
  const bool upgrade = problem.extra.contains("upgrade");
  Page page;
  if (problem.code == kTooLarge && upgrade) {
    page = upgrade_page(desk.options, problem.detail, session, "", false);
  } else {
    const Html action =
        problem.status == 401 ? Html::fill("<p><a class=\"button\" href=\"/sign-in\">Sign in</a></p>", {})
        : upgrade             ? Html::fill("<p><a class=\"button\" href=\"/upgrade\">See premium</a></p>", {})
                              : Html::fill("<p><a class=\"button\" href=\"/jobs\">To your jobs</a></p>", {});
    page = notice(problem.status == 404 ? "Nothing here" : "That did not work", problem.detail, action);
  }
  page.status = problem.status;
  Response response = lay_out(page, session, !session.empty() && problem.status != 401);
  for (const auto& [name, value] : problem.headers) response.headers.set(name, value);
  return response;
}

Portal::Portal(PortalOptions options, jobs::Database& database, storage::ObjectStore& store, Logger& log)
    : impl_(std::make_unique<Impl>(std::move(options), database, store, log)) {}

Portal::~Portal() = default;

void Portal::add_routes(httpd::Router& router) {
  for (const auto& [path, asset] : page_assets()) {
    router.add("GET", path, [&asset = asset](const Request& request, Responder respond) {
      respond(asset.answer(request));
    });
  }
  router.add("GET", "/api/v1/openapi.json", [](const Request& request, Responder respond) {
    static const httpd::Asset kDescription(std::string(assets::openapi_json), "application/json",
                                           httpd::Freshness::kRevalidate);
    respond(kDescription.answer(request));
  });
  Impl& impl = *impl_;
  impl.add(router, "GET", "/register", show_register);
  impl.add(router, "POST", "/register", do_register);
  impl.add(router, "GET", "/sign-in", show_sign_in);
  impl.add(router, "POST", "/sign-in", do_sign_in);
  impl.add(router, "POST", "/sign-out", do_sign_out);
  impl.add(router, "GET", "/confirm", show_confirm);
  impl.add(router, "POST", "/confirm", do_confirm);
  impl.add(router, "GET", "/account", show_account);
  impl.add(router, "POST", "/account/plan", do_change_plan);
  impl.add(router, "POST", "/account/tokens", do_create_token);
  impl.add(router, "POST", "/account/tokens/revoke", do_revoke_token);
  impl.add(router, "GET", "/upgrade", show_upgrade);
  impl.add(router, "GET", "/jobs", show_jobs);
  impl.add(router, "POST", "/jobs", do_upload);
  impl.add(router, "", std::string(kJobPages), serve_job_page);
  impl.add(router, "GET", "/api/v1/account", api_account);
  impl.add(router, "GET", "/api/v1/jobs", api_list);
  impl.add(router, "POST", "/api/v1/jobs", api_submit);
  impl.add(router, "", std::string(kJobApi), serve_job_api);
  impl.add(router, "POST", std::string(kWebhookPath), hear_webhook);
}

bool Portal::owns(std::string_view path) const {
  if (path.starts_with(kApiRoot)) return true;
  return std::ranges::any_of(kRoots, [&](std::string_view root) {
    return path.starts_with(root) && (path.size() == root.size() || path[root.size()] == '/');
  });
}

std::optional<Problem> Portal::check(const Request& request) const {
  return impl_->check(request);
}

std::shared_ptr<httpd::BodySink> Portal::sink(const Request& request) {
  if (is_upload(request)) return impl_->upload_sink(request);
  return std::make_shared<FormSink>(request.path == kWebhookPath ? kMostWebhookBytes : kMostFormBytes);
}

Response Portal::render(const Problem& problem, const Request& request) const {
  return impl_->render(problem, request);
}

}  // namespace winnow::portal
