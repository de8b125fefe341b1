from shopfolio.core.admin import audience, blog, csp, inbox, policy, portfolio, resume, site

__all__ = ["audience", "blog", "csp", "inbox", "policy", "portfolio", "resume", "site"]
