--- SOAP requests with a WS-Security header: who asks, until when that counts, and a signature over both.
---
--- What is signed must be in exclusive canonical form, and so it is written from the start: each signed element
--- declares the namespaces it uses, prefixes in order, attributes in order, no empty-element tags, texts escaped
--- as the form wants. So the bytes that are sent are the ones that are digested, and nothing has to be
--- canonicalised. A token inside is not signed by us and goes out as it came.
local base64 = require "perilune.util.base64"
local digest = require "perilune.c.digest"
local task = require "perilune.c.task"

local security = {}

local SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
local WSS = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-"
local WSU = WSS .. "wssecurity-utility-1.0.xsd"
local WSSE = WSS .. "wssecurity-secext-1.0.xsd"
local X509 = WSS .. "x509-token-profile-1.0#X509v3"
local DSIG = "http://www.w3.org/2000/09/xmldsig#"
local EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
local RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
local SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
local SAML_PROFILE = "http://docs.oasis-open.org/wss/oasis-wss-saml-token-profile-1.1#"

local REQUEST_SECONDS = 60 -- how long the server may take a request for fresh

security.algorithm = RSA_SHA256

---@class perilune.vim.login.Signer
---@field identity userdata  of perilune.c.identity
---@field token_id string?  the token that is bound to the key; without, the certificate is sent

---@class perilune.vim.login.Request
---@field body string  what stands in the body, canonical
---@field user string?
---@field password string?
---@field token string?  a SAML assertion
---@field signer perilune.vim.login.Signer?
---@field signature_id string?  by which the body speaks of the signature

local ESCAPES = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ["\r"] = "&#xD;" }

--- A text as canonical XML has it.
---@param text string
---@return string
function security.escape(text)
  return (text:gsub("[&<>\r]", ESCAPES))
end

--- A name for an element of the message; names may not begin with a digit.
---@return string
function security.new_id()
  return "_" .. digest.uuid()
end

--- A moment as WS-Security writes it.
---@param seconds number  of Unix time
---@return string
function security.moment(seconds)
  return os.date("!%Y-%m-%dT%H:%M:%S.000Z", math.floor(seconds))
end

--- The 32 bytes of SHA-256.
---@param bytes string
---@return string
function security.digest(bytes)
  return (digest.sha256(bytes):gsub("%x%x", function(pair) return string.char(tonumber(pair, 16)) end))
end

local function timestamp(id)
  local now = task.wall()
  return ('<wsu:Timestamp xmlns:wsu="%s" wsu:Id="%s"><wsu:Created>%s</wsu:Created><wsu:Expires>%s</wsu:Expires>'
    .. "</wsu:Timestamp>"):format(WSU, id, security.moment(now), security.moment(now + REQUEST_SECONDS))
end

local function body(id, content)
  return ('<soapenv:Body xmlns:soapenv="%s" xmlns:wsu="%s" wsu:Id="%s">%s</soapenv:Body>'):format(
    SOAP, WSU, id, content)
end

local function reference(id, element)
  return ('<ds:Reference URI="#%s"><ds:Transforms><ds:Transform Algorithm="%s"></ds:Transform></ds:Transforms>'
    .. '<ds:DigestMethod Algorithm="%s"></ds:DigestMethod><ds:DigestValue>%s</ds:DigestValue></ds:Reference>'):format(
    id, EXCLUSIVE, SHA256, base64.encode(security.digest(element)))
end

local function signed_info(references)
  return ('<ds:SignedInfo xmlns:ds="%s"><ds:CanonicalizationMethod Algorithm="%s"></ds:CanonicalizationMethod>'
    .. '<ds:SignatureMethod Algorithm="%s"></ds:SignatureMethod>%s</ds:SignedInfo>'):format(
    DSIG, EXCLUSIVE, RSA_SHA256, references)
end

--- Says whose key signed: the certificate in the message, or the token that names the key.
local function key_info(signer, certificate_id)
  if signer.token_id then
    return ('<wsse:SecurityTokenReference xmlns:wsse11="%s" wsse11:TokenType="%sSAMLV2.0">'
      .. '<wsse:KeyIdentifier ValueType="%sSAMLID">%s</wsse:KeyIdentifier></wsse:SecurityTokenReference>'):format(
      "http://docs.oasis-open.org/wss/oasis-wss-wssecurity-secext-1.1.xsd", SAML_PROFILE, SAML_PROFILE,
      security.escape(signer.token_id))
  end
  return ('<wsse:SecurityTokenReference><wsse:Reference URI="#%s" ValueType="%s"></wsse:Reference>'
    .. "</wsse:SecurityTokenReference>"):format(certificate_id, X509)
end

local function signature(request, certificate_id, references)
  local info = signed_info(references)
  return ('<ds:Signature xmlns:ds="%s" Id="%s">%s<ds:SignatureValue>%s</ds:SignatureValue><ds:KeyInfo>%s</ds:KeyInfo>'
    .. "</ds:Signature>"):format(DSIG, request.signature_id or security.new_id(), info,
    base64.encode(request.signer.identity:sign(info)), key_info(request.signer, certificate_id))
end

local function certificate(id, signer)
  local form = '<wsse:BinarySecurityToken EncodingType="%s" ValueType="%s" wsu:Id="%s">%s</wsse:BinarySecurityToken>'
  return form:format(
    WSS .. "soap-message-security-1.0#Base64Binary", X509, id, base64.encode(signer.identity:certificate()))
end

local function user_token(request)
  local form = "<wsse:UsernameToken><wsse:Username>%s</wsse:Username><wsse:Password>%s</wsse:Password>"
    .. "</wsse:UsernameToken>"
  return form:format(security.escape(request.user), security.escape(request.password))
end

--- The bytes of a request.
---@param request perilune.vim.login.Request
---@return string
function security.envelope(request)
  local signer = request.signer
  local time_id, body_id, certificate_id = security.new_id(), security.new_id(), security.new_id()
  local parts = { timestamp(time_id), body = body(body_id, request.body) }
  local references = reference(time_id, parts[1]) .. reference(body_id, parts.body)
  if signer and not signer.token_id then
    parts[#parts + 1] = certificate(certificate_id, signer)
  end
  if request.user then
    parts[#parts + 1] = user_token(request)
  end
  parts[#parts + 1] = request.token
  if signer then
    parts[#parts + 1] = signature(request, certificate_id, references)
  end
  return ('<?xml version="1.0" encoding="UTF-8"?>\n<soapenv:Envelope xmlns:soapenv="%s"><soapenv:Header>'
    .. '<wsse:Security xmlns:wsse="%s" xmlns:wsu="%s">%s</wsse:Security></soapenv:Header>'
    .. "%s</soapenv:Envelope>\n"):format(SOAP, WSSE, WSU, table.concat(parts), parts.body)
end

return security
