"""The account pages. allauth has more: what is not named here does not exist."""

from allauth.account import views as account
from allauth.mfa.base import views as second_factor
from allauth.mfa.recovery_codes import views as spare_codes
from allauth.mfa.totp import views as app
from allauth.mfa.webauthn import views as passkeys
from allauth.usersessions import views as sessions
from django.conf import settings
from django.urls import include, path

from shopfolio.users import views
from shopfolio.users.limits import HOUR, MINUTE, Limits
from shopfolio.users.reauthentication import ask_first

LOGIN = Limits(
    "account/login", per_network={MINUTE: 20, HOUR: 200}, per_region={HOUR: 1_000}, for_all={HOUR: 5_000}
)
WITHOUT_PASSWORD = Limits("account/login-key", per_network={MINUTE: 20, HOUR: 200})
"""No number for all together: while somebody guesses passwords, passkeys still log in."""
AGAIN = Limits("account/again", per_network={MINUTE: 20, HOUR: 200})

urlpatterns = [
    path("", views.home, name="account_home"),
    path("signup/", views.sign_up, name="account_signup"),
    path("login/", LOGIN.on(account.login), name="account_login"),
    path("login/code/", views.request_login_code, name="account_request_login_code"),
    path("login/passkey/", WITHOUT_PASSWORD.on(passkeys.login_webauthn), name="mfa_login_webauthn"),
    path("login/second/", WITHOUT_PASSWORD.on(second_factor.authenticate), name="mfa_authenticate"),
    path("code/", views.enter_code, name="account_code"),
    path("code/again/", views.send_again, name="account_code_again"),
    path("password/reset/", views.reset_password, name="account_reset_password"),
    path("password/reset/new/", views.new_password, name="account_new_password"),
    path("logout/", views.log_out, name="account_logout"),
    path("inactive/", account.account_inactive, name="account_inactive"),
    path("profile/", views.profile, name="account_profile"),
    path("profile/picture/", views.picture, name="account_picture"),
    path("data/", views.data, name="account_data"),
    path("data/export/", views.export_data, name="account_export"),
    path("data/erase/", views.plan_erasure, name="account_erase"),
    path("data/keep/", views.call_off_erasure, name="account_keep"),
    path("security/", views.security, name="account_security"),
    path("security/password/", AGAIN.on(account.password_change), name="account_change_password"),
    path("security/password/first/", AGAIN.on(ask_first(account.password_set)), name="account_set_password"),
    path("security/email/", AGAIN.on(account.email), name="account_email"),
    path("confirm-email/", AGAIN.on(account.email_verification_sent), name="account_email_verification_sent"),
    path("confirm/", AGAIN.on(account.reauthenticate), name="account_reauthenticate"),
    path("confirm/mail/", views.confirm_by_mail, name="account_confirm_by_mail"),
    path("confirm/code/", AGAIN.on(second_factor.reauthenticate), name="mfa_reauthenticate"),
    path("confirm/passkey/", AGAIN.on(passkeys.reauthenticate_webauthn), name="mfa_reauthenticate_webauthn"),
    path("security/app/", AGAIN.on(app.activate_totp), name="mfa_activate_totp"),
    path("security/app/remove/", app.deactivate_totp, name="mfa_deactivate_totp"),
    path("security/spare-codes/", spare_codes.view_recovery_codes, name="mfa_view_recovery_codes"),
    path(
        "security/spare-codes/new/", spare_codes.generate_recovery_codes, name="mfa_generate_recovery_codes"
    ),
    path(
        "security/spare-codes/codes.txt",
        spare_codes.download_recovery_codes,
        name="mfa_download_recovery_codes",
    ),
    path("security/passkeys/add/", AGAIN.on(passkeys.add_webauthn), name="mfa_add_webauthn"),
    path("security/passkeys/<int:pk>/", passkeys.edit_webauthn, name="mfa_edit_webauthn"),
    path("security/passkeys/<int:pk>/remove/", passkeys.remove_webauthn, name="mfa_remove_webauthn"),
    path("security/sessions/", sessions.list_usersessions, name="usersessions_list"),
    # allauth leads here after a change.
    path("security/", views.security, name="mfa_index"),
    path("security/", views.security, name="mfa_list_webauthn"),
]

if settings.SOCIAL_LOGIN:
    from allauth.socialaccount import views as social

    for site in settings.SOCIAL_LOGIN:
        urlpatterns += [path("social/", include(f"allauth.socialaccount.providers.{site}.urls"))]
    urlpatterns += [
        path("social/cancelled/", social.login_cancelled, name="socialaccount_login_cancelled"),
        path("social/error/", social.login_error, name="socialaccount_login_error"),
        # Where allauth would ask for an address, which users/social.py leaves it no reason for.
        path("social/error/", social.login_error, name="socialaccount_signup"),
        path("security/connections/", social.connections, name="socialaccount_connections"),
    ]
