#include "account_pages.hpp"

#include <fmt/format.h>

#include "assets.hpp"
#include "winnow/core/text.hpp"
#include "winnow/httpd/client_address.hpp"
#include "winnow/jobs/mail_address.hpp"
#include "winnow/jobs/subscriptions.hpp"

namespace winnow::portal {
namespace {

constexpr std::size_t kMostTokens = 50;

void set_session(Desk& desk, httpd::Response& response, const std::string& session) {
  response.headers.add("Set-Cookie",
                       cookie_of(session, desk.options.secure_cookies, desk.options.accounts.lifetime));
}

httpd::Response register_page(const Desk&, const Visit& visit, const std::string& error, int status) {
  return lay_out({.title = "Register",
                  .main = Html::fill(assets::register_html, {{"error", error_note(error)},
                                                             {"email", visit.field("email")},
                                                             {"token", form_token(visit.session)}}),
                  .status = status},
                 visit.session, false);
}

httpd::Response sign_in_page(const Visit& visit, const std::string& target, const std::string& error,
                             int status) {
  return lay_out({.title = "Sign in",
                  .main = Html::fill(assets::sign_in_html, {{"error", error_note(error)},
                                                            {"email", visit.field("email")},
                                                            {"to", target},
                                                            {"token", form_token(visit.session)}}),
                  .status = status},
                 visit.session, false);
}

// What limits go by: the address as it is kept, so that its spellings are one.
std::string account_key(const std::string& email) {
  return jobs::mail_address(email).value_or(email.substr(0, 254));
}

// The way onto a plan or off it. at: the page that offers it.
Html plan_button(const PortalOptions& options, const std::string& session, const std::string& user_id,
                 bool premium) {
  if (options.provider == PlanProvider::kManual) {
    return Html::fill(
        "<form method=\"post\" action=\"/account/plan\">{{token}}<button class=\"button{{kind}}\" "
        "name=\"plan\" "
        "value=\"{{plan}}\">{{text}}</button></form>",
        {{"token", form_token(session)},
         {"kind", premium ? " secondary" : ""},
         {"plan", premium ? "free" : "premium"},
         {"text", premium ? "Cancel premium" : "Subscribe to premium"}});
  }
  std::string link = premium ? options.manage_link : options.subscribe_link;
  if (link.empty()) return Html::fill("<p>Whoever runs this site changes plans; ask them.</p>", {});
  if (!premium && !user_id.empty())
    link += (link.find('?') == std::string::npos ? "?" : "&") + ("client_reference_id=" + user_id);
  return Html::fill("<p><a class=\"button{{kind}}\" href=\"{{link}}\">{{text}}</a></p>",
                    {{"kind", premium ? " secondary" : ""},
                     {"link", link},
                     {"text", premium ? "Cancel or change premium" : "Subscribe to premium"}});
}

std::string duration_text(std::chrono::microseconds time) {
  const auto minutes =
      static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::minutes>(time).count());
  if (minutes >= 48 * 60) return format_count(minutes / (24 * 60), "day");
  if (minutes >= 120) return format_count(minutes / 60, "hour");
  if (minutes >= 1) return format_count(minutes, "minute");
  return format_count(
      static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::seconds>(time).count()), "second");
}

Html plan_terms(const jobs::JobTerms& terms, bool premium) {
  if (premium) {
    return Html::fill("Premium: uploads up to {{limit}}, and results stay for as long as you are premium.",
                      {{"limit", format_bytes(terms.premium_upload_bytes)}});
  }
  return Html::fill(
      "Free: uploads up to {{limit}}, and results are archived {{time}} after a job is done.",
      {{"limit", format_bytes(terms.free_upload_bytes)}, {"time", duration_text(terms.archive_after)}});
}

httpd::Response account_page(Desk& desk, const Visit& visit, const std::string& new_token) {
  const jobs::User& user = require_user(visit);
  Html tokens;
  for (const jobs::AccessToken& token : desk.accounts.list_tokens(user.id)) {
    tokens += Html::fill(
        "<li><span><strong>{{name}}</strong> <small>made {{made}}, last used {{used}}</small></span>"
        "<form method=\"post\" action=\"/account/tokens/revoke\">{{csrf}}<input type=\"hidden\" name=\"id\" "
        "value=\"{{id}}\"><button class=\"plain\" aria-label=\"Revoke {{name}}\">Revoke</button></form></li>",
        {{"name", token.name.empty() ? std::string("unnamed") : token.name},
         {"made", time_text(token.created_at).substr(0, 10)},
         {"used", time_text(token.used_at).substr(0, 10)},
         {"csrf", form_token(visit.session)},
         {"id", token.id}});
  }
  const Html made =
      new_token.empty()
          ? Html()
          : Html::fill(
                "<div class=\"note\" role=\"status\"><p>This is your new token. It is shown only "
                "this once, so keep it now:</p><p><code class=\"token\">{{token}}</code></p></div>",
                {{"token", new_token}});
  const bool waits = desk.options.accounts.confirm_addresses && !user.confirmed;
  return lay_out({.title = "Your account",
                  .main = Html::fill(
                      assets::account_html,
                      {{"email", user.email},
                       {"confirmation",
                        waits ? Html::fill("<p class=\"note\">Your address is not confirmed yet: open the "
                                           "link in the letter that was sent to it.</p>",
                                           {})
                              : Html()},
                       {"plan", plan_terms(desk.options.terms, user.premium)},
                       {"plan_button", plan_button(desk.options, visit.session, user.id, user.premium)},
                       {"made", made},
                       {"tokens", tokens.text().empty() ? Html::fill("<li>none yet</li>", {}) : tokens},
                       {"csrf", form_token(visit.session)}})},
                 visit.session, true);
}

}  // namespace

httpd::Response show_register(Desk& desk, Visit& visit) {
  if (visit.user) return see_other("/jobs");
  return register_page(desk, visit, "", 200);
}

httpd::Response do_register(Desk& desk, Visit& visit) {
  check_form(visit, visit.field("csrf"));
  Desk::spend(desk.registrations_of_client, httpd::client_key(visit.request.remote_address));
  const std::string email = visit.field("email");
  const std::string password = visit.field("password");
  const Result<std::string> made = desk.accounts.register_user(email, password);
  if (!made) return register_page(desk, visit, made.failure().message, 422);
  const Result<std::string> session = desk.accounts.sign_in(email, password);
  httpd::Response response = see_other(session ? "/jobs" : "/sign-in");
  if (session) set_session(desk, response, *session);
  return response;
}

httpd::Response show_sign_in(Desk&, Visit& visit) {
  const std::string target = safe_target(visit.request.parameter("to"));
  if (visit.user) return see_other(target);
  return sign_in_page(visit, target, "", 200);
}

httpd::Response do_sign_in(Desk& desk, Visit& visit) {
  check_form(visit, visit.field("csrf"));
  const std::string email = visit.field("email");
  Desk::spend(desk.sign_ins_of_client, httpd::client_key(visit.request.remote_address));
  Desk::spend(desk.sign_ins_of_account, account_key(email));
  const std::string target = safe_target(visit.field("to"));
  const Result<std::string> session = desk.accounts.sign_in(email, visit.field("password"));
  if (!session) return sign_in_page(visit, target, session.failure().message, 403);
  desk.accounts.sign_out(visit.session);
  httpd::Response response = see_other(target);
  set_session(desk, response, *session);
  return response;
}

httpd::Response do_sign_out(Desk& desk, Visit& visit) {
  check_form(visit, visit.field("csrf"));
  desk.accounts.sign_out(visit.session);
  httpd::Response response = see_other("/sign-in");
  set_session(desk, response, "");
  return response;
}

// Programs that look through mail open its links: so only a press of the button confirms.
httpd::Response show_confirm(Desk&, Visit& visit) {
  return lay_out(
      {.title = "Confirm your address",
       .main = Html::fill(assets::confirm_html, {{"letter", visit.request.parameter("token").value_or("")},
                                                 {"token", form_token(visit.session)}})},
      visit.session, visit.user.has_value());
}

httpd::Response do_confirm(Desk& desk, Visit& visit) {
  check_form(visit, visit.field("csrf"));
  const bool good = desk.accounts.confirm(visit.field("token"));
  Page page =
      good ? notice("Your address is confirmed", "You can upload pictures now.",
                    Html::fill("<p><a class=\"button\" href=\"/jobs\">To your jobs</a></p>", {}))
           : notice("That link is no good", "It is too old, or has been used already.",
                    Html::fill("<p><a class=\"button\" href=\"/account\">To your account</a></p>", {}));
  page.status = good ? 200 : 422;
  return lay_out(page, visit.session, visit.user.has_value());
}

httpd::Response show_account(Desk& desk, Visit& visit) {
  return account_page(desk, visit, "");
}

httpd::Response do_change_plan(Desk& desk, Visit& visit) {
  check_form(visit, visit.field("csrf"));
  const jobs::User& user = require_user(visit);
  if (desk.options.provider != PlanProvider::kManual) throw Refusal{not_found()};
  const std::string plan = visit.field("plan");
  if (plan != "premium" && plan != "free") throw Refusal{bad_request("There is no such plan.")};
  if (plan == "premium") {
    if (!user.premium) jobs::subscribe(desk.database, user.id, desk.options.terms);
  } else {
    jobs::unsubscribe(desk.database, user.id, desk.options.terms);
  }
  httpd::Response response = see_other("/account");
  set_session(desk, response, desk.accounts.renew(visit.session));
  return response;
}

httpd::Response do_create_token(Desk& desk, Visit& visit) {
  check_form(visit, visit.field("csrf"));
  const jobs::User& user = require_user(visit);
  if (desk.accounts.list_tokens(user.id).size() >= kMostTokens)
    throw Refusal{bad_request("You have as many tokens as one may have; revoke one first.")};
  return account_page(desk, visit, desk.accounts.create_token(user.id, visit.field("name")));
}

httpd::Response do_revoke_token(Desk& desk, Visit& visit) {
  check_form(visit, visit.field("csrf"));
  const jobs::User& user = require_user(visit);
  (void)desk.accounts.revoke_token(user.id, visit.field("id"));
  return see_other("/account");
}

httpd::Response show_upgrade(Desk& desk, Visit& visit) {
  const bool premium = visit.user && visit.user->premium;
  // Our script does not even send what is too large, and leads here instead.
  const std::uint64_t limit = desk.options.terms.free_upload_bytes;
  const bool too_much = !premium && visit.request.parameter("too-large").has_value();
  const std::string reason = too_much ? too_large(limit, desk.options.terms).detail : "";
  return lay_out(upgrade_page(desk.options, reason, visit.user ? visit.session : "",
                              visit.user ? visit.user->id : "", premium),
                 visit.session, visit.user.has_value());
}

Page upgrade_page(const PortalOptions& options, const std::string& reason, const std::string& session,
                  const std::string& user_id, bool premium) {
  Html action =
      Html::fill("<p><a class=\"button\" href=\"/sign-in?to=/upgrade\">Sign in to subscribe</a></p>", {});
  if (premium) action = Html::fill("<p>You are a premium user already.</p>", {});
  if (!premium && !session.empty()) action = plan_button(options, session, user_id, false);
  return {.title = reason.empty() ? "Premium" : "That is too large for a free account",
          .main = Html::fill(assets::upgrade_html,
                             {{"title", reason.empty() ? "Premium" : "That is too large for a free account"},
                              {"reason", reason},
                              {"free", format_bytes(options.terms.free_upload_bytes)},
                              {"premium", format_bytes(options.terms.premium_upload_bytes)},
                              {"time", duration_text(options.terms.archive_after)},
                              {"action", action}})};
}

}  // namespace winnow::portal
